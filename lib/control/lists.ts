import { BoundedMap } from "#lib/core/bounded-map";
import type { Client, KeyedHash } from "#lib/core/client";
import { type Clock, monotonic } from "#lib/core/clock";
import { parseAddress } from "#lib/core/canonical-address";
import { valueOf } from "#lib/identity/identify";
import type { Network } from "#lib/core/networks";
import { PrefixTree } from "./prefix-tree.ts";

/** A client or a network that is allowed without being counted, or blocked. */
export interface ListEntry {
  readonly list: "allow" | "block";
  /**
   * The name of the entry in events: "policy block 1" for the first of the policy, or the id of an entry that
   * was set.
   */
  readonly id: string;
  /** When it ends, in milliseconds of the monotonic clock; Infinity for an entry of the policy. */
  readonly until: number;
}

/** An entry with its client: a network, or the client of a client key. */
export interface Listing extends ListEntry {
  readonly client: Network | { readonly identity: string | undefined; readonly key: string };
}

/** The most addresses whose networks are cached. */
const MOST_KEPT = 10_000;

/** The clients that are allowed without being counted, and those that are blocked. */
export class ClientLists {
  /** The identities and conditions that entries name. */
  readonly identities: readonly string[];
  /** True when a request that no rule matches may be blocked. */
  readonly blocks: boolean;
  readonly #hashes: readonly KeyedHash[];
  readonly #networks: PrefixTree<ListEntry> | undefined;
  /** A cache of the networks that contain an address, since a few addresses send most requests. */
  readonly #ofAddress = new BoundedMap<string, readonly ListEntry[]>(MOST_KEPT);
  readonly #ofKey = new Map<string, readonly ListEntry[]>();
  /** The identities, and "ip" when an entry is for the client key of an address. */
  readonly #compared: readonly string[];
  /** True when the client keys of limits are compared too, because only the key of some entry is known. */
  readonly #looksAtCounted: boolean;
  readonly #clock: Clock;

  /**
   * @param hashes make the client keys of the entries: with the secret, and with the previous secret if there
   *   is one
   * @param clock the clock of the ends of entries
   */
  constructor(listings: readonly Listing[], hashes: readonly KeyedHash[], clock = monotonic) {
    const names = new Set<string>();
    let looksAtCounted = false;
    let networks: PrefixTree<ListEntry> | undefined;
    for (const listing of listings) {
      const { client } = listing;
      if ("key" in client) {
        // A key without an identity may be that of an address, which is also checked on paths where no limit
        // counts it.
        names.add(client.identity ?? "ip");
        looksAtCounted ||= !client.identity;
        this.#ofKey.set(client.key, [...(this.#ofKey.get(client.key) ?? NONE), listing]);
      } else {
        networks ??= new PrefixTree();
        networks.add(client.first, client.bits, listing);
      }
    }
    this.#looksAtCounted = looksAtCounted;
    this.#compared = [...names];
    this.identities = this.#compared.filter((name) => name !== "ip");
    this.blocks = listings.some(({ list }) => list === "block");
    this.#hashes = hashes;
    this.#networks = networks;
    this.#clock = clock;
  }

  /**
   * Returns the entry that holds for a client now: an entry that allows it takes precedence over those that
   * block it.
   */
  find({ values, address, counted }: Listed): ListEntry | undefined {
    const clock = this.#clock;
    let found = this.#networks && holding(this.#networksOf(this.#networks, address), clock);
    if (this.#ofKey.size === 0) return found;
    for (const name of this.#compared) {
      const value = valueOf(name, values, address);
      if (value === undefined) continue;
      for (const hash of this.#hashes) {
        found = holding(this.#ofKey.get(hash(name, value)), clock, found);
      }
    }
    if (!this.#looksAtCounted) return found;
    for (const { key } of counted.values()) found = holding(this.#ofKey.get(key), clock, found);
    return found;
  }

  #networksOf(networks: PrefixTree<ListEntry>, address: string): readonly ListEntry[] {
    const known = this.#ofAddress.get(address);
    if (known) return known;
    // The counted form of IPv6 is a network: "2001:db8::/64".
    const ip = parseAddress(address.split("/")[0]);
    const found = ip ? networks.covering(ip) : NONE;
    this.#ofAddress.set(address, found);
    return found;
  }
}

/** The parts of a client that an entry may name. */
export type Listed = Pick<Client, "values" | "address" | "counted">;

/** Returns the entry that applies: the one that was found before, or one of these. */
function holding(
  entries: readonly ListEntry[] = NONE,
  clock: Clock,
  before?: ListEntry,
): ListEntry | undefined {
  let found = before;
  for (const entry of entries) {
    if (found?.list === "allow") return found;
    if ((!found || entry.list === "allow") && clock() < entry.until) found = entry;
  }
  return found;
}

const NONE: readonly ListEntry[] = [];

import type { KeyedHash } from "#lib/core/client";
import { type Clock, monotonic } from "#lib/core/clock";
import type { Entry, ListingEntry } from "./entry.ts";
import type { InForce } from "./in-force.ts";
import { markOf } from "./keys.ts";
import { ClientLists, type Listing } from "./lists.ts";
import { countedNetwork } from "./policy-lists.ts";
import { type Held, Tuning } from "./tuning.ts";

/** The combined effect of entries. */
export interface Composed {
  /** Undefined when they set nothing. */
  readonly inForce: InForce | undefined;
  /** The ids of entries that were made with another secret. */
  readonly strange: readonly string[];
}

/** The parts of a gate that are needed to combine entries. */
export interface ComposedWith {
  /** The functions that make client keys: with the secret, and with the previous secret if there is one. */
  readonly hashes: readonly KeyedHash[];
  /**
   * The bits of an IPv6 address that name a client.
   * @default 64
   */
  readonly ipv6Prefix?: number | undefined;
  /**
   * The monotonic clock on which entries end, in milliseconds.
   * @default the runtime's
   */
  readonly clock?: Clock;
}

/** Returns the combined effect of entries. */
export function composed(
  entries: Iterable<readonly [id: string, Held<Entry>]>,
  { hashes, ipv6Prefix, clock = monotonic }: ComposedWith,
): Composed {
  const now = clock();
  const marks = new Set(hashes.map(markOf));
  const strange: string[] = [];
  const listings: Listing[] = [];
  const modes = [];
  const overrides = [];
  for (const [id, entry] of entries) {
    if (now >= entry.endsAt) continue;
    const secret = "secret" in entry ? entry.secret : undefined;
    if (secret !== undefined && !marks.has(secret)) strange.push(id);
    else if (entry.kind === "mode") modes.push(entry);
    else if (entry.kind === "override") overrides.push(entry);
    else if (entry.kind !== "reset") listings.push(listingOf(id, entry, ipv6Prefix));
  }
  if (listings.length + modes.length + overrides.length === 0) {
    return { inForce: undefined, strange };
  }
  const lists = listings.length > 0 ? new ClientLists(listings, hashes, clock) : undefined;
  return { inForce: new Tuning({ lists, modes, overrides, hashes, clock }), strange };
}

function listingOf(id: string, entry: Held<ListingEntry>, ipv6Prefix: number | undefined): Listing {
  const client =
    "network" in entry
      ? countedNetwork(entry.network, ipv6Prefix)
      : { identity: entry.identity, key: entry.client };
  return { list: entry.kind, id, until: entry.endsAt, client };
}

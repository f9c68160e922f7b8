/** The entries that apply to a client, from the policy and set while the app runs, as its gate applies them. */
import { composed } from "#lib/control/composed";
import { readEntries, sendAll } from "#lib/control/document";
import type { Entry } from "#lib/control/entry";
import type { InForce } from "#lib/control/in-force";
import { controlKeys } from "#lib/control/keys";
import { ClientLists, type ListEntry } from "#lib/control/lists";
import { policyEntry, policyListings } from "#lib/control/policy-lists";
import { byEnd, readNote, shownEntry } from "#lib/control/shown";
import type { Held } from "#lib/control/tuning";
import type { ControlEntry } from "#lib/control/types";
import type { KeyedHash } from "#lib/core/client";
import { monotonic } from "#lib/core/clock";
import type { AnyPolicy } from "#lib/policy/define";
import { rulesFor } from "#lib/limit/charge";
import type { Match } from "#lib/policy/types";
import type { Gate } from "./gate-types.ts";
import { hashesOf, marksOf } from "./gate-hashes.ts";
import { entryFor, type Holding, holdingFor } from "./holding.ts";
import type { NamedClient, Naming, RuleCharges } from "./named-client.ts";

/** The part of a gate that this file needs. */
export type Reading = Naming & Pick<Gate<AnyPolicy>, "requester">;

/** The entry that blocks a client, or allows it without counting it. */
export interface ListedClient {
  /** As in `decision.entry`: "policy block 1", or the id of an entry that was set while the app runs. */
  readonly id: string;
  readonly list: "allow" | "block";
  /** The entry's reason; empty when it is not known. */
  readonly reason: string;
}

type Override = Extract<Entry, { readonly kind: "override" }>;

type Entries = readonly (readonly [id: string, Held<Entry>])[];

/** The entries of a document and of the policy, for one client. */
export class SetForClient {
  readonly #gate: Reading;
  readonly #isByKey: boolean;
  readonly #entries: Entries;
  readonly #hashes: readonly KeyedHash[];
  readonly #inForce: InForce | undefined;
  readonly #policyLists: ClientLists | undefined;

  /** @param isByKey whether the client is named by its key alone; entries are then compared by their keys */
  constructor(gate: Reading, entries: Entries, isByKey: boolean) {
    this.#gate = gate;
    this.#isByKey = isByKey;
    this.#entries = entries;
    this.#hashes = hashesOf(gate).filter((hash) => hash !== undefined);
    this.#inForce = this.#composed(entries);
    const { policy, options, keyedHash } = gate;
    const listings = policyListings(policy.listings, keyedHash, options.ipv6Prefix).map((each) =>
      isByKey && "key" in each.client
        ? { ...each, client: { ...each.client, identity: undefined } }
        : each,
    );
    if (listings.length > 0) this.#policyLists = new ClientLists(listings, [keyedHash]);
  }

  /** Returns what holds for a request of the client, with the match of its rule. */
  holding(match: Match | undefined): Holding {
    const live = { inForce: () => this.#inForce };
    return holdingFor(
      { lists: this.#policyLists, live },
      match,
      this.#gate.options.mode ?? "enforce",
    );
  }

  /** Returns the entry that blocks or allows the client on some path; null when no entry does. */
  listed({ client }: NamedClient, set: readonly ControlEntry[]): ListedClient | null {
    const entry = entryFor(this.holding(undefined), client);
    return entry ? { id: entry.id, list: entry.list, reason: this.#reasonOf(entry, set) } : null;
  }

  /** Returns the entries that were set while the app runs and apply to the client. */
  async held(named: NamedClient): Promise<readonly ControlEntry[]> {
    const now = monotonic();
    const held = this.#entries.filter(
      (each) => each[1].endsAt > now && this.#holdsFor(each, named),
    );
    if (held.length === 0) return [];
    const { notes: key } = controlKeys(this.#gate.keys);
    const ids = held.map(([id]) => id);
    const [notes] = await sendAll(this.#gate.requester, ["HMGET", key, ...ids]);
    const marks = marksOf(this.#gate);
    const shown = held.map(([id, entry], i) => {
      const note = readNote(Array.isArray(notes) ? (notes[i] as unknown) : undefined);
      return shownEntry(id, entry, { ...note, endsInMs: Math.ceil(entry.endsAt - now), marks });
    });
    return shown.toSorted(byEnd);
  }

  #reasonOf({ id, list }: ListEntry, set: readonly ControlEntry[]): string {
    const own = this.#gate.policy.listings.find(
      (each) => each.list === list && policyEntry(list, each.place) === id,
    );
    return own?.reason ?? set.find((each) => each.id === id)?.reason ?? "";
  }

  /** Returns true for an entry that alone would change a decision for the client. */
  #holdsFor([id, entry]: Entries[number], { client, rules }: NamedClient): boolean {
    if (entry.kind === "reset") return false;
    const about = rules.filter(({ rule }) => !("rule" in entry) || entry.rule === rule.name);
    if (entry.kind === "mode") return entry.rule === undefined || about.length > 0;
    if (entry.kind === "override") return about.some((rule) => this.#changes(entry, rule));
    return this.#composed([[id, entry]])?.lists?.find(client) !== undefined;
  }

  #changes(entry: Held<Override>, { own, client, holding, rule }: RuleCharges): boolean {
    const isOfVisits = own.some(({ policyName }) => policyName === entry.limit);
    // The limits of prefetches are separate from those of the rule, and count the same clients.
    const alone = this.#composed([["", isOfVisits ? entry : { ...entry, limit: undefined }]]);
    const match = holding.match ?? this.#gate.policy.rule(rule.name);
    if (!alone || !match) return false;
    const { limits } = alone.limited(
      { ...rulesFor(match, client), limits: own, shadows: [] },
      client,
    );
    return limits.length < own.length || own.some((limit, i) => limits[i] !== limit);
  }

  #composed(entries: Entries): InForce | undefined {
    const own: Entries = this.#isByKey
      ? entries.map(([id, entry]) => [id, "client" in entry ? withoutIdentity(entry) : entry])
      : entries;
    const { ipv6Prefix } = this.#gate.options;
    return composed(own, { hashes: this.#hashes, ipv6Prefix }).inForce;
  }
}

/**
 * Reads the entries that are set while the app runs from the store.
 *
 * @param isByKey whether the client is named by its key alone
 * @throws {StoreError} when the store fails or rejects the call
 */
export async function readSetForClient(gate: Reading, isByKey: boolean): Promise<SetForClient> {
  const read = await readEntries(gate.requester, controlKeys(gate.keys).entries);
  const entries = [...read].flatMap(([id, entry]) => (entry ? [[id, entry] as const] : []));
  return new SetForClient(gate, entries, isByKey);
}

function withoutIdentity<E extends object>(entry: E): E {
  return { ...entry, identity: undefined };
}

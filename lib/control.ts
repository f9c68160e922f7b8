/** Changes settings while the app runs: blocks, allow lists, limits and modes, with a log of every change. */
import { DEFAULT_IPV6_PREFIX } from "#lib/core/canonical-address";
import { monotonic } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import { wholeForm, isWhole } from "#lib/core/argument";
import { badArgument, readBy, readReason, readTerms } from "#lib/control/arguments";
import { type Changed, Changes } from "#lib/control/change";
import { readEntries, readPages, sendAll } from "#lib/control/document";
import { MOST_ENTRIES, readEntry } from "#lib/control/entry";
import { type ControlKeys, controlKeys } from "#lib/control/keys";
import { readMode, readOverride, ruleNamed } from "#lib/control/ruled";
import { byEnd, type Note, readChange, readNote, shownEntry } from "#lib/control/shown";
import type {
  Control,
  ControlChange,
  ControlEntry,
  OverrideOptions,
  RemovalTerms,
  Terms,
  Whom,
} from "#lib/control/types";
import { nameEntryClient, type NamingParts } from "#lib/control/entry-client";
import type { AnyPolicy } from "#lib/policy/define";
import type { Gate } from "./gate-types.ts";
import { hashesOf, marksOf } from "./gate-hashes.ts";

export type {
  Control,
  ControlChange,
  ControlEntry,
  ControlledClient,
  ControlSetting,
  OverrideOptions,
  RemovalTerms,
  Terms,
  UnreadableSetting,
  Whom,
} from "#lib/control/types";

/** The part of a gate that this file needs. */
type Controlled = Pick<
  Gate<AnyPolicy>,
  "policy" | "options" | "keys" | "keyedHash" | "redis" | "requester"
>;

/** The most changes that one call reads from the log. */
const MOST_READ = 1000;

/** The longest accepted id of an entry, in characters. The ids that are made are shorter. */
const LONGEST_ID = 300;

/**
 * Returns the functions that set and list blocks, allow lists, overrides of limits and modes. They take effect
 * on every instance whose gate has `live`. Every change has a reason and an author, and is kept in a log.
 * Every function throws a StoreError when the store does not answer within the deadline.
 *
 * @param gate the result of `createHeadgate`
 * @example
 * const control = createControl(gate);
 * const terms = { for: "2h", reason: "a flood of logins", by: "ada" };
 * await control.block({ ip: "203.0.113.0/24" }, terms);
 * await control.override({ rule: "search", to: "2x", client: { identity: "user", value: "bob" } }, terms);
 */
export function createControl(gate: Controlled): Control {
  return new StoredControl(gate);
}

/** An entry that is about to be written to the store. */
interface Wanted {
  readonly id: string;
  readonly entry: object;
  /** Ids of entries for the same client that were keyed by the previous secret. */
  readonly replaces?: readonly (string | undefined)[];
}

class StoredControl implements Control {
  readonly #gate: Controlled;

  constructor(gate: Controlled) {
    this.#gate = gate;
  }

  async block(client: Whom, terms: Terms): Promise<ControlEntry> {
    return this.#list("block", client, terms);
  }

  async allow(client: Whom, terms: Terms): Promise<ControlEntry> {
    return this.#list("allow", client, terms);
  }

  async override(options: OverrideOptions, terms: Terms): Promise<ControlEntry> {
    const { policy } = this.#gate;
    const { rule, limit, to } = readOverride(policy, options);
    const named = options.client && nameEntryClient(namingParts(this.#gate), options.client, false);
    const id = `override:${limit ?? rule}`;
    const idFor = (name: string | undefined) => name && `${id}@${name}`;
    const entry = { kind: "override", rule, limit, to, ...named?.fields };
    const replaces = [idFor(named?.formerName)];
    return this.#set({ id: idFor(named?.name) ?? id, entry, replaces }, terms);
  }

  async mode(
    mode: Parameters<Control["mode"]>[0],
    terms: Terms & { readonly rule?: string | undefined },
  ): Promise<ControlEntry> {
    const { rule } = terms;
    const of = rule === undefined ? "" : `:${ruleNamed(this.#gate.policy, rule).name}`;
    return this.#set(
      { id: `mode${of}`, entry: { kind: "mode", mode: readMode(mode), rule } },
      terms,
    );
  }

  async list(): Promise<readonly ControlEntry[]> {
    const { requester } = this.#gate;
    const { entries, notes } = this.#keys();
    const read = await readEntries(requester, entries);
    const known = new Map<string, Note>();
    for await (const { fields } of readPages(requester, notes)) {
      for (const [id, text] of fields) if (read.has(id)) known.set(id, readNote(text));
    }
    const marks = marksOf(this.#gate);
    const now = monotonic();
    const all = [...read].flatMap(([id, entry]) => {
      if (entry && (entry.kind === "reset" || entry.endsAt <= now)) return [];
      const endsInMs = entry ? Math.ceil(entry.endsAt - now) : 0;
      return shownEntry(id, entry, { ...(known.get(id) ?? readNote("")), endsInMs, marks });
    });
    return all.toSorted(byEnd);
  }

  async remove(id: string, terms: RemovalTerms): Promise<ControlEntry | undefined> {
    if (typeof id !== "string" || id === "" || id.length > LONGEST_ID) {
      throw badArgument("id", id, 'the id of an entry, such as "mode:search"');
    }
    const { by, reason } = terms;
    const changing = { by: readBy(by), reason: reason === undefined ? "" : readReason(reason) };
    const changed = await this.#changes().remove(changing, id);
    return changed.isDone ? this.#shown(id, changed) : undefined;
  }

  async log(last = 50): Promise<readonly ControlChange[]> {
    if (!isWhole(last, 1, MOST_READ)) throw badArgument("last", last, wholeForm(1, MOST_READ));
    const { requester } = this.#gate;
    const key = this.#keys().log;
    const [read] = await sendAll(requester, ["XREVRANGE", key, "+", "-", "COUNT", last]);
    return (Array.isArray(read) ? read : []).flatMap((each) => readChange(each) ?? []);
  }

  #list(kind: "allow" | "block", client: Whom, terms: Terms): Promise<ControlEntry> {
    const { fields, name, formerName } = nameEntryClient(namingParts(this.#gate), client, true);
    const of = "network" in fields ? "network" : "client";
    const replaces = [formerName && `${of}:${formerName}`];
    return this.#set({ id: `${of}:${name}`, entry: { kind, ...fields }, replaces }, terms);
  }

  async #set({ id, entry, replaces = [] }: Wanted, terms: Terms): Promise<ControlEntry> {
    const { forMs, ...changing } = readTerms(terms);
    const former = replaces.filter((each) => each !== undefined);
    const changed = await this.#changes().set(changing, { id, entry, forMs, replaces: former });
    if (changed.isDone) return this.#shown(id, changed);
    throw new HeadgateError(
      "CONTROL_FULL",
      `The control document holds ${MOST_ENTRIES} entries, which is the most. Remove some, let them end, or name a CIDR block in the place of addresses.`,
    );
  }

  #shown(id: string, { entry: text, note, now }: Changed): ControlEntry {
    const entry = readEntry(text);
    const endsInMs = entry ? Math.max(0, entry.until - now) : 0;
    const about = { ...readNote(note), endsInMs, marks: marksOf(this.#gate) };
    return shownEntry(id, entry, about);
  }

  #keys(): ControlKeys {
    const { uncountable } = this.#gate.options;
    if (uncountable && !uncountable.hasStore) throw uncountable.error;
    return controlKeys(this.#gate.keys);
  }

  #changes(): Changes {
    return new Changes(this.#gate.redis, this.#keys());
  }
}

function namingParts(gate: Controlled): NamingParts {
  const { options, policy } = gate;
  const [keyedHash, previousHash] = hashesOf(gate);
  return {
    identities: Object.keys(policy.identities),
    keyedHash,
    previousHash,
    ipv6Prefix: options.ipv6Prefix ?? DEFAULT_IPV6_PREFIX,
    isSecretSet: options.isSecretSet !== false,
  };
}

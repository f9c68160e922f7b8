import type { Client, Wanted } from "#lib/core/client";
import { type Decision, uncounted } from "#lib/core/decision";
import type { GateMode } from "#lib/core/mode";
import type { InForce, Live } from "#lib/control/in-force";
import type { ClientLists, Listed, ListEntry } from "#lib/control/lists";
import { type Charges, rulesFor } from "#lib/limit/charge";
import type { Match, RuleSet } from "#lib/policy/types";
import type { Parts } from "./parts.ts";

/** What holds for one request: the policy, with what is set while the app runs. */
export interface Holding {
  readonly mode: GateMode;
  /** Undefined when no rule matches, or when every matching rule is off. */
  readonly match: Match | undefined;
  /** The parts of the client that must be resolved; undefined when no decision depends on the client. */
  readonly wanted: Wanted | undefined;
  /** The policy's lists. The lists that are set while the app runs (`inForce.lists`) take precedence. */
  readonly lists: ClientLists | undefined;
  readonly inForce: InForce | undefined;
}

/** The lists and settings that apply to a request. */
interface Held extends Pick<Parts, "lists"> {
  readonly live: Pick<Live, "inForce"> | undefined;
}

const NO_RULE: Wanted = { identities: [], subjects: [], trials: [] };

/**
 * Returns what holds for a request.
 *
 * @param found the policy's rules that match the request
 * @param mode HEADGATE_MODE
 */
export function holdingFor(
  { lists, live }: Held,
  found: Match | undefined,
  mode: GateMode,
): Holding {
  const inForce = live?.inForce();
  const set = inForce?.lists;
  const match = found && inForce ? inForce.ruled(found) : found;
  const now = inForce?.mode ?? mode;
  const named = match ?? (set?.blocks || lists?.blocks ? NO_RULE : undefined);
  const wanted = named && now !== "off" ? withNames(withNames(named, set), lists) : undefined;
  return { mode: now, match, wanted, lists, inForce };
}

/** Returns the entry that allows or blocks a client; undefined when no entry does. */
export function entryFor(
  { inForce, lists }: Pick<Holding, "inForce" | "lists">,
  client: Listed,
): ListEntry | undefined {
  return inForce?.lists?.find(client) ?? lists?.find(client);
}

/** Returns the rules that apply to a client, with its limits after overrides. */
export function rulesHolding({ inForce }: Holding, match: Match, client: Client): RuleSet {
  const rules = rulesFor(match, client);
  return inForce ? inForce.limited(rules, client) : rules;
}

/** Returns the decision for a blocked client. */
export function blockedBy({ id }: ListEntry): Decision {
  return uncounted(false, "blocked", { entry: id });
}

/** Returns the decision for a client that is not counted; undefined when its limits decide. */
export function uncountedBy(
  entry: ListEntry | undefined,
  { all }: Pick<Charges, "all">,
): Decision | undefined {
  if (entry) return uncounted(true, "allow-listed", { entry: entry.id });
  return all.length === 0 ? uncounted(true, "unlimited") : undefined;
}

/** Adds the identities that the lists name to those of the rules. */
function withNames(wanted: Wanted, lists: ClientLists | undefined): Wanted {
  if (!lists || lists.identities.length === 0) return wanted;
  const names = lists.identities.filter((name) => !wanted.identities.includes(name));
  return names.length > 0
    ? { ...wanted, listed: new Set([...(wanted.listed ?? []), ...names]) }
    : wanted;
}

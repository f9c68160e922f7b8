import type { Client, Wanted } from "#lib/core/client";
import { type Decision, uncounted } from "#lib/core/decision";
import type { GateMode } from "#lib/core/mode";
import type { InForce, Live } from "#lib/control/in-force";
import type { ClientLists, Listed, ListEntry } from "#lib/control/lists";
import { type Charges, rulesFor } from "#lib/limit/charge";
import type { Match, RuleSet } from "#lib/policy/types";
import type { Parts } from "./parts.ts";

/** What holds for one request: what the policy says, with what is set while the app runs. */
export interface Holding {
  readonly mode: GateMode;
  /** Undefined where no rule matches, or every one of them is off. */
  readonly match: Match | undefined;
  /** What has to be known of the client; undefined where nothing depends on it. */
  readonly wanted: Wanted | undefined;
  /** The policy's lists. What is set while the app runs (`inForce.lists`) stands before them. */
  readonly lists: ClientLists | undefined;
  readonly inForce: InForce | undefined;
}

/** What a request is held by. */
interface Held extends Pick<Parts, "lists"> {
  readonly live: Pick<Live, "inForce"> | undefined;
}

const NOBODY: Wanted = { identities: [], subjects: [], trials: [] };

/**
 * Returns what holds for a request.
 *
 * @param found the rules of the policy that match it
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
  const named = match ?? (set?.blocks || lists?.blocks ? NOBODY : undefined);
  const wanted = named && now !== "off" ? withNames(withNames(named, set), lists) : undefined;
  return { mode: now, match, wanted, lists, inForce };
}

/** Returns the entry that allows or blocks a client; undefined where no entry does. */
export function entryFor(
  { inForce, lists }: Pick<Holding, "inForce" | "lists">,
  client: Listed,
): ListEntry | undefined {
  return inForce?.lists?.find(client) ?? lists?.find(client);
}

/** Returns the rules that apply to a client, with the limits that hold for it. */
export function rulesHolding({ inForce }: Holding, match: Match, client: Client): RuleSet {
  const rules = rulesFor(match, client);
  return inForce ? inForce.limited(rules, client) : rules;
}

/** Returns the decision about a client that is blocked. */
export function blockedBy({ id }: ListEntry): Decision {
  return uncounted(false, "blocked", { entry: id });
}

/** Returns the decision about a client that is not counted; undefined where its limits decide. */
export function uncountedBy(
  entry: ListEntry | undefined,
  { all }: Pick<Charges, "all">,
): Decision | undefined {
  if (entry) return uncounted(true, "allow-listed", { entry: entry.id });
  return all.length === 0 ? uncounted(true, "unlimited") : undefined;
}

/** What entries name is resolved beside the identities of the rules. */
function withNames(wanted: Wanted, lists: ClientLists | undefined): Wanted {
  if (!lists || lists.identities.length === 0) return wanted;
  const names = lists.identities.filter((name) => !wanted.identities.includes(name));
  return names.length > 0
    ? { ...wanted, listed: new Set([...(wanted.listed ?? []), ...names]) }
    : wanted;
}

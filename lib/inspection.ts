/** What an inspection and a reset of one client return. */
import type { ControlEntry } from "#lib/control/types";
import type { Reason } from "#lib/core/decision";
import type { GateMode } from "#lib/core/mode";
import type { ClientQuery } from "./client-query.ts";
import type { UnknownLimit } from "./named-client.ts";
import type { ListedClient } from "./set-for-client.ts";

/** How one limit stands for a client, on the clock of the store. */
export interface InspectedLimit {
  /** Its name in RateLimit headers, such as "search:ip:minute". */
  readonly name: string;
  /** Whom it counts, as the policy writes it, such as "user|ip". */
  readonly subject: string;
  /** True where all clients together are counted. */
  readonly isGlobal: boolean;
  /** The client key: what to search for in the log. */
  readonly clientKey: string;
  /** The key in the store. */
  readonly key: string;
  readonly algorithm: string;
  /** Units in one window, with what overrides set. */
  readonly limit: number;
  /** The same as the policy has it. */
  readonly policyLimit: number;
  /** Milliseconds. */
  readonly windowMs: number;
  /** Units that one request takes. */
  readonly cost: number;
  /** Units that count now; more than the limit where the limit was lowered. */
  readonly used: number;
  /** Units that are left. */
  readonly remaining: number;
  /** Milliseconds until one more request has capacity: 0 when it has, null when it never will. */
  readonly waitMs: number | null;
  /** Milliseconds until more than `remaining` is left; 0 when nothing is used. */
  readonly resetMs: number;
}

/** What one rule would decide now for one more request. */
export interface InspectedRule {
  readonly rule: string;
  /** The tier whose limits these are, such as "pro"; null for a rule without tiers. */
  readonly tier: string | null;
  /** True where the rule is counted for this client and denies nothing. */
  readonly isShadow: boolean;
  /** Whether the request would be allowed, with everything that is set: modes, blocks, allow lists, overrides. */
  readonly isAllowed: boolean;
  /** Why: "within-limit", "over-limit", "blocked", "allow-listed", "unlimited" or "switched-off". */
  readonly reason: Reason;
  /** The entry that blocks or allows it, as `decision.entry` of events has it; null where limits decide. */
  readonly entry: string | null;
  /** Whether every limit has capacity. A rule in shadow allows the request all the same. */
  readonly hasCapacity: boolean;
  /** Milliseconds until the request has capacity; null where it has, and where it never will. */
  readonly retryAfterMs: number | null;
  readonly limits: readonly InspectedLimit[];
}

/** How the limits of one client stand. */
export interface Inspection {
  /** HEADGATE_MODE, or the mode that is set in its place: only with "enforce" is a request denied. */
  readonly mode: GateMode;
  /** The entry of the policy, or one that was set, that blocks or allows the client; null where no entry does. */
  readonly listed: ListedClient | null;
  /** What was set while the app runs, and holds for the client: blocks, allow lists, overrides and modes. */
  readonly set: readonly ControlEntry[];
  /** "process" where the counts are in the memory of this process alone. */
  readonly countedIn: "store" | "process";
  /** The client keys, to search for in the log. */
  readonly clientKeys: readonly string[];
  /** In the order of the policy. */
  readonly rules: readonly InspectedRule[];
  /** Limits that count the address, which was not given. */
  readonly unknown: readonly UnknownLimit[];
}

/** Whose counts are deleted, why, and by whom. */
export interface ResetQuery extends ClientQuery {
  /** Why, in 1 to 200 characters: it is kept in the log of changes. */
  readonly reason?: string | undefined;
  /** Who asks for it, in 1 to 100 characters: it is kept in the log of changes. */
  readonly by?: string | undefined;
}

/** One count that was deleted. */
export interface FreedLimit {
  readonly rule: string;
  /** Its name in RateLimit headers. */
  readonly name: string;
  /** The key in the store. */
  readonly key: string;
}

/** What a reset did. */
export interface Reset {
  readonly freed: readonly FreedLimit[];
  /** Limits that count the address, which was not given: they were left as they are. */
  readonly unknown: readonly UnknownLimit[];
}

/** The results of `inspectClient` and `resetClient`. */
import type { ControlEntry } from "#lib/control/types";
import type { Reason } from "#lib/core/decision";
import type { GateMode } from "#lib/core/mode";
import type { ClientQuery } from "./client-query.ts";
import type { UnknownLimit } from "./named-client.ts";
import type { ListedClient } from "./set-for-client.ts";

/** The state of one limit for a client, on the clock of the store. */
export interface InspectedLimit {
  /** Its name in RateLimit headers, such as "search:ip:minute". */
  readonly name: string;
  /** The limit's subject, as the policy writes it, such as "user|ip". */
  readonly subject: string;
  /** True when the limit counts all clients together. */
  readonly isGlobal: boolean;
  /** The client key, to search for in the log. */
  readonly clientKey: string;
  /** The key in the store. */
  readonly key: string;
  readonly algorithm: string;
  /** Units in one window, after overrides. */
  readonly limit: number;
  /** Units in one window by the policy alone. */
  readonly policyLimit: number;
  /** The window, in milliseconds. */
  readonly windowMs: number;
  /** Units that one request consumes. */
  readonly cost: number;
  /** Units that count now; more than `limit` when the limit was lowered. */
  readonly used: number;
  /** Units that remain. */
  readonly remaining: number;
  /** Milliseconds until there is capacity for one more request; 0 when there is now, null when there never will be. */
  readonly waitMs: number | null;
  /** Milliseconds until `remaining` grows; 0 when nothing is used. */
  readonly resetMs: number;
}

/** The decision that one rule would make now for one more request. */
export interface InspectedRule {
  readonly rule: string;
  /** The tier whose limits these are, such as "pro"; null for a rule without tiers. */
  readonly tier: string | null;
  /** True when the rule is in shadow for this client: it counts and never denies. */
  readonly isShadow: boolean;
  /** Whether the request would be allowed, after modes, blocks, allow lists and overrides. */
  readonly isAllowed: boolean;
  /** Why: "within-limit", "over-limit", "blocked", "allow-listed", "unlimited" or "switched-off". */
  readonly reason: Reason;
  /** The entry that blocks or allows the request, as in `decision.entry` of events; null when limits decide. */
  readonly entry: string | null;
  /** Whether every limit has capacity. A rule in shadow allows the request all the same. */
  readonly hasCapacity: boolean;
  /** Milliseconds until there is capacity for the request; null when there is now, or never will be. */
  readonly retryAfterMs: number | null;
  readonly limits: readonly InspectedLimit[];
}

/** The state of one client's limits. */
export interface Inspection {
  /** HEADGATE_MODE, or the mode that was set in its place. A request is denied only with "enforce". */
  readonly mode: GateMode;
  /** The entry that blocks or allows the client, from the policy or set later; null when no entry does. */
  readonly listed: ListedClient | null;
  /** Entries that were set while the app runs and apply to the client: blocks, allow lists, overrides and modes. */
  readonly set: readonly ControlEntry[];
  /** "process" when the counts are in the memory of this process alone. */
  readonly countedIn: "store" | "process";
  /** The client keys, to search for in the log. */
  readonly clientKeys: readonly string[];
  /** In the order of the policy. */
  readonly rules: readonly InspectedRule[];
  /** Limits that count the address, which was not given. */
  readonly unknown: readonly UnknownLimit[];
}

/** The client whose counts are deleted, and the reason and author for the log of changes. */
export interface ResetQuery extends ClientQuery {
  /**
   * The reason for the log of changes, in 1 to 200 characters.
   * @default no reason
   * @example
   * await resetClient(gate, { ip: "203.0.113.7", reason: "a support call" });
   */
  readonly reason?: string | undefined;
  /**
   * The author for the log of changes, in 1 to 100 characters, such as "ada".
   * @default no author
   * @example
   * await resetClient(gate, { ip: "203.0.113.7", by: "ada" });
   */
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

/** The result of a reset. */
export interface Reset {
  readonly freed: readonly FreedLimit[];
  /** Limits that count the address, which was not given: their counts were not deleted. */
  readonly unknown: readonly UnknownLimit[];
}

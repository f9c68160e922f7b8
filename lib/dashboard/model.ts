/**
 * The data that the dashboard sends to its page. This file has only types: the server makes these objects and
 * the page draws them, and neither imports code of the other. Every object is JSON.
 */
import type { ControlEntry } from "#lib/control/types";
import type { GateMode } from "#lib/core/mode";
import type { Inspection } from "#lib/inspect";

export type { ControlEntry } from "#lib/control/types";
export type { InspectedLimit, InspectedRule, Inspection } from "#lib/inspect";

/** Decisions by outcome: each decision of a rule is counted in exactly one of them. */
export interface Outcomes {
  /** Allowed requests, with those of clients that a list allows without counting. */
  readonly allowed: number;
  /** Requests that limits denied, with those of blocked clients. */
  readonly denied: number;
  /** Requests that a rule in shadow would have denied, or any rule with HEADGATE_MODE=shadow. */
  readonly shadowDenied: number;
  /** Requests that the store did not count because it failed, so that `onStoreFailure` decided. */
  readonly degraded: number;
}

/** One limit of a rule, as text. */
export interface LimitWords {
  /** Its name in RateLimit headers, such as "search:ip:minute"; two tiers may have a limit of the same name. */
  readonly name: string;
  /** The limit, such as "10 per minute". */
  readonly amount: string;
  /** The client that is counted, such as "ip", "user|ip" or "global". */
  readonly who: string;
  /** The value of the identity that the limit is for, such as "plan pro"; absent when it is for all. */
  readonly tier?: string;
}

/** A rule of the policy, with its numbers. */
export interface RuleNow {
  readonly name: string;
  /** The limits; empty for a counted name that is not a rule of this policy. */
  readonly limits: readonly LimitWords[];
  /** The percentage of clients for which the rule decides: 100 when it is enforced, 0 in shadow. */
  readonly enforced: number;
  /**
   * What happens to this rule's requests when the store fails; absent for a name that is not a rule of this
   * policy.
   */
  readonly onStoreFailure?: "allow" | "deny" | "local";
  /** False for a name that only other instances count. */
  readonly isInPolicy: boolean;
  /** Decisions a second, as the mean over `rateSpanMs`; absent until two readings can be compared. */
  readonly perSecond?: Outcomes;
  /** Decisions of the last 60 minutes, with the current one. */
  readonly lastHour: Outcomes;
}

/** The state of the store. Times are in milliseconds. */
export interface StoreNow {
  /** "unknown" until the first reading has ended. */
  readonly state: "ok" | "degraded" | "down" | "unknown";
  /** Why it is degraded, or the code of the error when it is down, such as STORE_UNREACHABLE. */
  readonly reason?: string;
  /** The breaker of the instance that answers. */
  readonly breaker: "open" | "closed";
  /** The mode of the gate: HEADGATE_MODE of the instance that answers, or the mode that is set instead. */
  readonly mode: GateMode;
  /** True when the mode was set while the app runs. */
  readonly isModeSet?: boolean;
  /** The round trip of the last reading. */
  readonly roundTripMs?: number;
  /** Calls a second of all instances, over `rateSpanMs`; absent until two readings can be compared. */
  readonly callsPerSecond?: number;
  /** Failed calls a second. */
  readonly failedPerSecond?: number;
  /** The median of the calls of all instances in the last 5 minutes; absent without a call. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  /** How often breakers of all instances opened in the last 60 minutes. */
  readonly breakerOpenings: number;
  /** Memory that Redis uses, in bytes; absent when the store does not report it. */
  readonly memoryBytes?: number;
  /** Memory that Redis may use, in bytes; absent when there is no limit. */
  readonly memoryMaxBytes?: number;
}

/** The clients that a rule denied most often. */
export interface DeniedClients {
  readonly rule: string;
  /** The most frequent first. */
  readonly clients: readonly DeniedClient[];
}

export interface DeniedClient {
  /** The client key: a keyed hash, never an address or a name. */
  readonly key: string;
  /** Denials since `deniedSince`. */
  readonly denied: number;
}

/** The tools of handlers: the counts of all instances in the last 60 minutes. */
export interface ToolsNow {
  readonly locks: {
    /** Locks that are held now; absent when the store has too many keys to search. */
    readonly held?: number;
    readonly acquired: number;
    readonly contended: number;
    readonly lost: number;
    readonly released: number;
  };
  readonly dedup: {
    readonly first: number;
    readonly duplicate: number;
    readonly inProgress: number;
    readonly otherPayload: number;
    readonly lost: number;
  };
  readonly idempotency: {
    readonly ran: number;
    readonly replayed: number;
    readonly conflict: number;
  };
}

/**
 * The numbers of one minute, for the last points of the charts. Late counts are still added to the minute
 * before.
 */
export interface MinuteNow {
  /** The start of the minute: milliseconds since 1970. */
  readonly start: number;
  /** The decisions by the rule's name. */
  readonly rules: Readonly<Record<string, Outcomes>>;
  readonly store: StorePoint;
}

/** The calls to the store in one step of time. */
export interface StorePoint {
  readonly calls: number;
  readonly failed: number;
  /** The median, in milliseconds; null without a call. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** Everything that the page shows except the history of its charts. Sent once a second (`event: snapshot`). */
export interface Snapshot {
  /** When it was sent: milliseconds since 1970, on the instance's clock. */
  readonly sentAt: number;
  /** When the store was last read successfully, on the same clock; null if never. */
  readonly readAt: number | null;
  /** How changes arrive from the store: by Redis Pub/Sub, or by polling. */
  readonly source: "pub-sub" | "polling";
  /** The prefix of keys. */
  readonly namespace: string;
  /** The time over which rates are averaged, in milliseconds. */
  readonly rateSpanMs: number;
  /** False when no event was ever counted in this namespace, for example because `counters` is not set. */
  readonly isCounted: boolean;
  readonly store: StoreNow;
  /** The rules in the order of the policy, followed by names that only other instances count. */
  readonly rules: readonly RuleNow[];
  /**
   * The start of the hour of `denied`: milliseconds since 1970. In the first minutes of an hour it is the
   * hour before.
   */
  readonly deniedSince: number;
  readonly denied: readonly DeniedClients[];
  readonly tools: ToolsNow;
  /** The current minute and the one before. */
  readonly minutes: readonly MinuteNow[];
}

/** The history of one chart. The last point is of the current step. */
export interface Series {
  /** The start of the first step: milliseconds since 1970. */
  readonly start: number;
  readonly stepMs: number;
  /** How many steps each list has. */
  readonly steps: number;
  /** The decisions of each step, by the rule's name and by outcome. */
  readonly rules: Readonly<Record<string, OutcomeSeries>>;
  readonly store: {
    readonly calls: readonly number[];
    readonly failed: readonly number[];
    readonly p50Ms: readonly (number | null)[];
    readonly p95Ms: readonly (number | null)[];
  };
}

export interface OutcomeSeries {
  readonly allowed: readonly number[];
  readonly denied: readonly number[];
  readonly shadowDenied: readonly number[];
  readonly degraded: readonly number[];
}

/** Sent when a stream begins, and again each minute (`event: history`). */
export interface History {
  /** 60 steps of a minute. */
  readonly hour: Series;
  /** 144 steps of ten minutes. */
  readonly day: Series;
}

/** What is set while the app runs: sent when a stream begins, and when it has changed (`event: control`). */
export interface ControlNow {
  /**
   * At most 100 entries: first those that cannot be read, then the others in the order of their ends.
   * `endsInMs` counts from the time of sending.
   */
  readonly entries: readonly ControlEntry[];
  /** How many more entries there are. */
  readonly more: number;
  /** False when the settings of the gate have no `live`, so that no entry has an effect. */
  readonly isFollowed: boolean;
  /** The name of an admin, who may change what is set; null for other viewers. */
  readonly admin: string | null;
}

/** The result of a change by the page. */
export interface Changed {
  /** What is set now. */
  readonly control: ControlNow;
  /** How many counts were deleted; null when the change was not a reset. */
  readonly freed: number | null;
}

/** The limits of one client that was looked up by its key. */
export interface LookedUp {
  readonly key: string;
  readonly inspection: Inspection;
}

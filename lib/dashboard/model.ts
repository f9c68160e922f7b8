/**
 * What the dashboard's page is sent. Types alone: the server makes these objects and the page draws
 * them, so neither imports code of the other. Every object is JSON.
 */
import type { ControlEntry } from "#lib/control/types";
import type { GateMode } from "#lib/core/mode";
import type { Inspection } from "#lib/inspect";

export type { ControlEntry } from "#lib/control/types";
export type { InspectedLimit, InspectedRule, Inspection } from "#lib/inspect";

/** Decisions by outcome: each decision of a rule is in exactly one of them. */
export interface Outcomes {
  /** Requests that went on, those of clients that a list allows without counting them among them. */
  readonly allowed: number;
  /** Requests that limits denied, and those of blocked clients. */
  readonly denied: number;
  /** What a rule in shadow would have denied, or with HEADGATE_MODE=shadow any rule. */
  readonly shadowDenied: number;
  /** What the store did not count, since it failed: `onStoreFailure` decided. */
  readonly degraded: number;
}

/** One limit of a rule, in words. */
export interface LimitWords {
  /** Its name in RateLimit headers, such as "search:ip:minute"; two tiers may have a limit of the same name. */
  readonly name: string;
  /** Such as "10 per minute". */
  readonly amount: string;
  /** Who is counted, such as "ip", "user|ip" or "global". */
  readonly who: string;
  /** The value of the identity that the limit is for, such as "plan pro"; absent where it is for all. */
  readonly tier?: string;
}

/** A rule as the policy has it, and its numbers. */
export interface RuleNow {
  readonly name: string;
  /** Empty for a name that is counted and is no rule of this policy. */
  readonly limits: readonly LimitWords[];
  /** The percentage of clients for which the rule decides: 100 where it is enforced, 0 in shadow. */
  readonly enforced: number;
  /** What a failure of the store means for this rule's requests; absent for a name of no rule of this policy. */
  readonly onStoreFailure?: "allow" | "deny" | "local";
  /** False for a name that other instances count and this policy does not have. */
  readonly isInPolicy: boolean;
  /** Decisions a second, as the mean over `rateSpanMs`; absent until two readings can be compared. */
  readonly perSecond?: Outcomes;
  /** Decisions of the last 60 minutes, the running one among them. */
  readonly lastHour: Outcomes;
}

/** How the store is. Times are in milliseconds. */
export interface StoreNow {
  /** "unknown" until the first reading has ended. */
  readonly state: "ok" | "degraded" | "down" | "unknown";
  /** Why it is degraded, or the code of the error where it is down, such as STORE_UNREACHABLE. */
  readonly reason?: string;
  /** The breaker of the instance that answers. */
  readonly breaker: "open" | "closed";
  /** What becomes of decisions: HEADGATE_MODE of the instance that answers, or the mode that is set in its place. */
  readonly mode: GateMode;
  /** True where the mode was set while the app runs. */
  readonly isModeSet?: boolean;
  /** The round trip of the last reading. */
  readonly roundTripMs?: number;
  /** Calls a second of all instances, over `rateSpanMs`; absent until two readings can be compared. */
  readonly callsPerSecond?: number;
  /** Those of them that failed. */
  readonly failedPerSecond?: number;
  /** Of the calls of all instances in the last 5 minutes; absent without a call. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  /** How often a breaker of an instance opened in the last 60 minutes. */
  readonly breakerOpenings: number;
  /** Memory that Redis uses, in bytes; absent where the store does not say. */
  readonly memoryBytes?: number;
  /** Memory that Redis may use, in bytes; absent where nothing bounds it. */
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

/** The tools of handlers: what all instances counted in the last 60 minutes. */
export interface ToolsNow {
  readonly locks: {
    /** Locks that are held now; absent where the store has too many keys to look for them. */
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

/** The numbers of one minute, for the chart's last points: late counts still come to the one before. */
export interface MinuteNow {
  /** The start of the minute: milliseconds since 1970. */
  readonly start: number;
  /** By the rule's name. */
  readonly rules: Readonly<Record<string, Outcomes>>;
  readonly store: StorePoint;
}

/** The calls to the store in one step of time. */
export interface StorePoint {
  readonly calls: number;
  readonly failed: number;
  /** In milliseconds; null without a call. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** All that the page shows but for the past of its charts; sent once a second (`event: snapshot`). */
export interface Snapshot {
  /** When it was sent: milliseconds since 1970, on the instance's clock. */
  readonly sentAt: number;
  /** When the store was last read with success, on the same clock; null where it never was. */
  readonly readAt: number | null;
  /** How changes arrive from the store: by Redis Pub/Sub, or by reading again and again. */
  readonly source: "pub-sub" | "polling";
  /** What keys begin with. */
  readonly namespace: string;
  /** The span of all rates a second, in milliseconds. */
  readonly rateSpanMs: number;
  /** False where no event was ever counted in this namespace: `counters` may not be set. */
  readonly isCounted: boolean;
  readonly store: StoreNow;
  /** In the order of the policy, and after them what only other instances count. */
  readonly rules: readonly RuleNow[];
  /** The start of the hour of `denied`: milliseconds since 1970. It is the hour before for its first minutes too. */
  readonly deniedSince: number;
  readonly denied: readonly DeniedClients[];
  readonly tools: ToolsNow;
  /** The running minute and the one before. */
  readonly minutes: readonly MinuteNow[];
}

/** One chart's past: the last point is of the step that runs. */
export interface Series {
  /** The start of the first step: milliseconds since 1970. */
  readonly start: number;
  readonly stepMs: number;
  /** How many steps each list has. */
  readonly steps: number;
  /** By the rule's name, and by outcome: decisions of each step. */
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
  /** Those that cannot be read, then the one that ends first; at most 100. `endsInMs` is from the sending. */
  readonly entries: readonly ControlEntry[];
  /** How many more entries there are. */
  readonly more: number;
  /** False where the settings of the gate have no `live`: then no entry has an effect. */
  readonly isFollowed: boolean;
  /** The name of the viewer, who may change what is set; null for a viewer who may not. */
  readonly admin: string | null;
}

/** What came of a change that the page asked for. */
export interface Changed {
  /** What is set now. */
  readonly control: ControlNow;
  /** How many counts were deleted; null where the change was no reset. */
  readonly freed: number | null;
}

/** How one client stands, who was looked up by its key. */
export interface LookedUp {
  readonly key: string;
  readonly inspection: Inspection;
}

/** The state of one limit after a decision. Times are on Redis's clock. */
export interface LimitStatus {
  /** The name of the rule. */
  readonly rule: string;
  /** The limit's name in RateLimit headers. */
  readonly policyName: string;
  /** True when the limit counts all clients together, false when it counts one client. */
  readonly global: boolean;
  /** Units in one window. */
  readonly limit: number;
  /** The length of one window, in milliseconds. */
  readonly windowMs: number;
  /** Units that are left at the time of the decision. */
  readonly remaining: number;
  /**
   * Milliseconds until there is capacity for this request's cost: 0 when there is now, undefined when there
   * never will be.
   */
  readonly waitMs: number | undefined;
  /** Milliseconds until more than `remaining` is left; 0 when nothing is consumed. */
  readonly resetMs: number;
}

/** What a rule in shadow would have decided. */
export interface ShadowOutcome {
  /** The name of the rule. */
  readonly rule: string;
  /** Whether the rule would have allowed the request. */
  readonly allowed: boolean;
  /** The state of the rule's limits. */
  readonly limits: readonly LimitStatus[];
}

/** Why a request was allowed or denied. */
export type Reason =
  /** Every limit had capacity, and the cost was consumed. */
  | "within-limit"
  /** At least one limit had no capacity. Nothing was consumed. */
  | "over-limit"
  /**
   * The store did not answer, and the rule's `onStoreFailure` decided: "allow" or "deny". With "local" the
   * reason is one of the two above, and `counted` is "in-process".
   */
  | "store-failed"
  /** `limit` was called with an invalid rule or cost: see `error`. */
  | "invalid-call"
  /** HEADGATE_MODE is "off". */
  | "switched-off"
  /** The client is blocked, by the policy or by an entry that was set while the app runs: see `entry`. */
  | "blocked"
  /** The client is allowed without being counted: see `entry`. */
  | "allow-listed"
  /** An override lifts every limit for the client. Nothing was counted. */
  | "unlimited"
  /** The request's body is larger than `maxBody`. Nothing was counted. */
  | "body-too-large"
  /** A rule bounds the body, and the request does not state its length. Nothing was counted. */
  | "body-length-unknown";

/**
 * The result of a check: whether the request is allowed, and the state of its limits. With
 * HEADGATE_MODE=shadow `allowed` is true for every `reason`.
 */
export interface Decision {
  /** Whether the request may go on. */
  readonly allowed: boolean;
  readonly reason: Reason;
  /** The state of each limit, in the order of the policy; empty when the store was not called or did not answer. */
  readonly limits: readonly LimitStatus[];
  /** The rules in shadow: they are counted separately, and no response shows them. */
  readonly shadows: readonly ShadowOutcome[];
  /**
   * Milliseconds until the same request would be allowed if no other request arrives, exact on Redis's
   * clock. Undefined when it was allowed, and when it never will be (a cost above the limit).
   */
  readonly retryAfterMs: number | undefined;
  /** The time of the decision: milliseconds since 1970 on Redis's clock; undefined without the store. */
  readonly at: number | undefined;
  /**
   * Where the request was counted: in the store, in the store after the response (an "optimistic" rule), in
   * this process alone (`"local"`, while the store fails), or nowhere.
   */
  readonly counted: "in-store" | "after-answer" | "in-process" | "nowhere";
  /**
   * True when the denial comes from the denial cache, without a call of the store. The `remaining` of
   * limits that had capacity is then as old as the store's last answer.
   */
  readonly remembered?: boolean;
  /**
   * The entry that allowed or blocked the client: "policy block 1" for the first entry of the policy's
   * `block`, or the id of an entry that was set while the app runs.
   */
  readonly entry?: string;
  /** The largest body that the request may have, in bytes, when it was denied because of its body. */
  readonly maxBody?: number;
  /** The failure of the store, or the mistake in the call. It holds no keys and no values. */
  readonly error?: Error;
}

/** Returns a decision that was made without counting, with its further properties. */
export function uncounted(
  allowed: boolean,
  reason: Reason,
  more?: Pick<Decision, "error" | "maxBody" | "entry">,
): Decision {
  return {
    allowed,
    reason,
    limits: [],
    shadows: [],
    retryAfterMs: undefined,
    at: undefined,
    counted: "nowhere",
    ...more,
  };
}

/**
 * Returns the decision that follows from counted limits: allowed when each of them has capacity for the
 * cost.
 */
export function decided(
  limits: readonly LimitStatus[],
  more: Pick<Decision, "shadows" | "at" | "counted" | "error" | "remembered">,
): Decision {
  const waits = limits.map(({ waitMs }) => waitMs);
  const allowed = waits.every((wait) => wait === 0);
  const isNever = waits.includes(undefined);
  return {
    allowed,
    reason: allowed ? "within-limit" : "over-limit",
    limits,
    retryAfterMs: allowed || isNever ? undefined : Math.max(...waits.map((wait) => wait ?? 0)),
    ...more,
  };
}

/** Returns the limits that had no capacity. */
export function violated(decision: Decision): readonly LimitStatus[] {
  return decision.limits.filter(hasNoCapacity);
}

/** Returns true for a limit that has no capacity for the request's cost. */
export function hasNoCapacity({ waitMs }: LimitStatus): boolean {
  return waitMs !== 0;
}

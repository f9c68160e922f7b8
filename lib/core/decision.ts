/** How one limit stands after a decision. Times are on Redis's clock. */
export interface LimitStatus {
  readonly rule: string;
  /** The limit's name in RateLimit headers. */
  readonly policyName: string;
  /** True where all clients together are counted, and not one client. */
  readonly global: boolean;
  /** Units in one window. */
  readonly limit: number;
  /** Milliseconds. */
  readonly windowMs: number;
  /** Units that are left at this moment. */
  readonly remaining: number;
  /** Milliseconds until there is capacity for this request's cost: 0 when there is, undefined when there never will be. */
  readonly waitMs: number | undefined;
  /** Milliseconds until more than `remaining` is left; 0 when nothing is consumed. */
  readonly resetMs: number;
}

/** What a rule in shadow would have decided. */
export interface ShadowOutcome {
  readonly rule: string;
  readonly allowed: boolean;
  readonly limits: readonly LimitStatus[];
}

/**
 * - `within-limit`: every limit had capacity, and the cost was consumed
 * - `over-limit`: some limit had no capacity; nothing was consumed
 * - `store-failed`: the store did not answer, and the rule's `onStoreFailure` decided: "allow" or
 *   "deny". With "local" it is one of the two above, and `counted` says where
 * - `invalid-call`: `limit` was called with a rule or cost that cannot be; see `error`
 * - `switched-off`: HEADGATE_MODE is "off"
 * - `blocked`, `allow-listed`: the client is blocked, or allowed without being counted: see `entry`
 * - `unlimited`: no limit holds for the client while an override says so; nothing was counted
 * - `body-too-large`, `body-length-unknown`: the request's body is larger than `maxBody`, or does not say
 *   how large it is where a rule bounds it; nothing was counted
 */
export type Reason =
  | "within-limit"
  | "over-limit"
  | "store-failed"
  | "invalid-call"
  | "switched-off"
  | "blocked"
  | "allow-listed"
  | "unlimited"
  | "body-too-large"
  | "body-length-unknown";

/**
 * Whether a request may pass, and how its limits stand. With HEADGATE_MODE=shadow `allowed` is true
 * whatever `reason` says.
 */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: Reason;
  /** In the order of the policy; empty where the store was not asked or did not answer. */
  readonly limits: readonly LimitStatus[];
  /** The rules in shadow: they are counted apart, and no response tells them. */
  readonly shadows: readonly ShadowOutcome[];
  /**
   * Milliseconds until the same request passes if nothing else arrives: exact on Redis's clock.
   * Undefined when it passed, and when it never will (a cost above the limit).
   */
  readonly retryAfterMs: number | undefined;
  /** When it was decided: milliseconds since 1970 on Redis's clock; undefined without the store. */
  readonly at: number | undefined;
  /**
   * Where it was counted: in the store, in the store after the response (an "optimistic" rule), in this
   * process alone (`"local"`, while the store fails), or nowhere.
   */
  readonly counted: "in-store" | "after-answer" | "in-process" | "nowhere";
  /**
   * True where the denial comes from the denial cache: the store was not asked. What is left of limits
   * that had capacity is as it was when the store answered.
   */
  readonly remembered?: boolean;
  /**
   * What allowed or blocked the client: "policy block 1" for the first entry of the policy's `block`, or the
   * id of an entry that was set while the app runs.
   */
  readonly entry?: string;
  /** The largest body that the request may have, in bytes, where its body denied it. */
  readonly maxBody?: number;
  /** Why the store failed, or what was wrong with the call. Without keys and values. */
  readonly error?: Error;
}

/** Returns a decision that was made without a count, with what there is to say beside it. */
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
 * Returns the decision that limits come to where they were counted: allowed where each of them has
 * capacity for the cost.
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

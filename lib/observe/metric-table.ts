/** A metric of Prometheus. */
export interface Metric {
  readonly type: "counter" | "histogram" | "gauge";
  readonly help: string;
  /** The names of its labels; none when absent. */
  readonly labels?: readonly string[];
  /** The values of its last label, if they are known. Each is exported as 0 from the start. */
  readonly values?: readonly string[];
}

/** The upper bounds of the buckets of every histogram, in seconds. The last bucket has no bound. */
export const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1] as const;

/**
 * The metrics that are counted in Redis, by name without `headgate_`. docs/reference/metrics.md is
 * generated from this table.
 */
export const COUNTED = {
  decisions_total: {
    type: "counter",
    help: "Decisions by rule and outcome.",
    labels: ["rule", "outcome"],
  },
  decision_duration_seconds: {
    type: "histogram",
    help: "Time from the start of a check to its decision.",
  },
  rule_decision_seconds_total: {
    type: "counter",
    help: "Time from the start of a check to its decision, by rule.",
    labels: ["rule"],
  },
  near_limit_total: {
    type: "counter",
    help: "Clients that reached 80 percent of a limit, by rule.",
    labels: ["rule"],
  },
  store_calls_total: {
    type: "counter",
    help: "Calls to the store by outcome.",
    labels: ["outcome"],
    values: ["ok", "failed"],
  },
  store_errors_total: {
    type: "counter",
    help: "Calls to the store that failed or were refused, by error code.",
    labels: ["code"],
  },
  store_call_duration_seconds: {
    type: "histogram",
    help: "Time from sending a call to its answer.",
  },
  breaker_changes_total: {
    type: "counter",
    help: "How often the breaker opened and closed.",
    labels: ["state"],
    values: ["open", "closed"],
  },
  locks_total: {
    type: "counter",
    help: "Outcomes of locks and of calls for locks.",
    labels: ["state"],
    values: ["acquired", "contended", "lost", "released"],
  },
  dedup_total: {
    type: "counter",
    help: "Outcomes of keys that were claimed or counted.",
    labels: ["state"],
    values: ["first", "duplicate", "in-progress", "other-payload", "lost"],
  },
  idempotency_total: {
    type: "counter",
    help: "Outcomes of requests with an Idempotency-Key.",
    labels: ["state"],
    values: ["ran", "replayed", "conflict"],
  },
  failures_total: {
    type: "counter",
    help: "Failures that were not reported to a caller, by the work that failed.",
    labels: ["during"],
  },
} as const satisfies Readonly<Record<string, Metric>>;

/** The metrics that are read from the store at the scrape. */
export const READ = {
  redis_up: { type: "gauge", help: "1 when Redis answered the scrape, else 0." },
  redis_round_trip_seconds: { type: "gauge", help: "Round trip of the PING of this scrape." },
  redis_memory_used_bytes: { type: "gauge", help: "Memory that Redis uses." },
  redis_memory_max_bytes: {
    type: "gauge",
    help: "Memory that Redis may use; 0 when it has no limit.",
  },
  redis_evicted_keys_total: {
    type: "counter",
    help: "Keys that Redis evicted because memory was full.",
  },
  redis_connected_clients: { type: "gauge", help: "Connections to Redis." },
} as const satisfies Readonly<Record<string, Metric>>;

/** The name of a counted metric, without `headgate_`. */
export type CountedName = keyof typeof COUNTED;

/** Returns the field of a series in Redis: name and label values; no label value has a space. */
export function fieldOf(name: CountedName, ...values: readonly string[]): string {
  return [name, ...values].join(" ");
}

/** Returns the bucket of a time in seconds, as its upper bound. */
export function bucketOf(seconds: number): string {
  return String(BUCKETS.find((bound) => seconds <= bound) ?? "+Inf");
}

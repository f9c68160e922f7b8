/** A metric as Prometheus knows it. */
export interface Metric {
  readonly type: "counter" | "gauge" | "histogram";
  /** The names of its labels; none when absent. No label holds a client key. */
  readonly labels?: readonly string[];
  /** The values of its last label, where they are known. */
  readonly values?: readonly string[];
}

/**
 * Every metric that Headgate exports, by its name without `headgate_`: the alerts and the dashboard of
 * docs/operate name no other. A histogram stands for its `_bucket`, `_sum` and `_count`.
 */
export const METRICS = {
  decisions_total: { type: "counter", labels: ["rule", "outcome"] },
  decision_duration_seconds: { type: "histogram" },
  rule_decision_seconds_total: { type: "counter", labels: ["rule"] },
  near_limit_total: { type: "counter", labels: ["rule"] },
  store_calls_total: { type: "counter", labels: ["outcome"], values: ["ok", "failed"] },
  store_errors_total: { type: "counter", labels: ["code"] },
  store_call_duration_seconds: { type: "histogram" },
  breaker_changes_total: { type: "counter", labels: ["state"], values: ["open", "closed"] },
  locks_total: {
    type: "counter",
    labels: ["state"],
    values: ["acquired", "contended", "lost", "released"],
  },
  dedup_total: {
    type: "counter",
    labels: ["state"],
    values: ["first", "duplicate", "in-progress", "other-payload", "lost"],
  },
  idempotency_total: {
    type: "counter",
    labels: ["state"],
    values: ["ran", "replayed", "conflict"],
  },
  failures_total: { type: "counter", labels: ["during"] },
  redis_up: { type: "gauge" },
  redis_round_trip_seconds: { type: "gauge" },
  redis_memory_used_bytes: { type: "gauge" },
  redis_memory_max_bytes: { type: "gauge" },
  redis_evicted_keys_total: { type: "counter" },
  redis_connected_clients: { type: "gauge" },
} as const satisfies Readonly<Record<string, Metric>>;

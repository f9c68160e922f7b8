import { BUCKETS, COUNTED, type Metric, READ } from "#lib/observe/metric-table";
import { type Page, pageOf, table } from "./page.ts";

export const METRICS_PAGE: Page = {
  path: "docs/reference/metrics.md",
  build: () =>
    pageOf(
      "# Metrics",
      "The metrics that `metricsResponse` of `headgate/metrics` exports to Prometheus, from the counters in Redis. [Metrics](../operate/metrics.md) explains how to count and scrape them, and what may be lost. [OpenTelemetry](../operate/opentelemetry-data.md) has a separate list.",
      "No label holds a client key. `rule` is the name of a rule, `checkRateLimit` for calls of that function, and `(none)` when no rule matched: for a body that was denied before rules were matched, and for a blocked client on any other path.",
      "## Counted by all instances",
      tableOf(COUNTED),
      `The buckets of a histogram end at ${BUCKETS.slice(0, -1).join(", ")} and ${BUCKETS.at(-1)} second.`,
      "## Outcomes of decisions",
      "`outcome` of `headgate_decisions_total`. A denied request counts for the rules that denied it, and for no other rule.",
      table(
        ["outcome", "when"],
        Object.entries(OUTCOMES).map(([name, words]) => [`\`${name}\``, words]),
      ),
      "## Read from the store at each scrape",
      tableOf(READ),
      "All but the first two have a value only when the store's INFO has the field: the embedded store has memory only, and on a Redis Cluster INFO is that of one node.",
    ),
};

const OUTCOMES = {
  allowed: "the request was allowed",
  denied: "a limit had no capacity, or the body was too large",
  shadow_denied:
    "a rule in shadow would have denied the request, or any rule with `HEADGATE_MODE=shadow`",
  degraded: "the store failed, and `onStoreFailure` decided",
  blocked: "the client is blocked, and got 403",
  uncounted: "the client is allowed without being counted, or an override lifts its limits",
};

function tableOf(metrics: Readonly<Record<string, Metric>>): string {
  return table(
    ["metric", "type", "labels", "what it is"],
    Object.entries(metrics).map(([name, { type, labels = [], values, help }]) => [
      `\`headgate_${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(", ") || "none",
      values ? `${help} Values: ${values.map((value) => `\`${value}\``).join(", ")}.` : help,
    ]),
  );
}

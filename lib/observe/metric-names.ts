import { COUNTED, READ } from "./metric-table.ts";

export type { Metric } from "./metric-table.ts";

/**
 * Every metric that Headgate exports, by its name without `headgate_`: the alerts and the dashboard of
 * docs/operate name no other. A histogram stands for its `_bucket`, `_sum` and `_count`.
 */
export const METRICS = { ...COUNTED, ...READ };

import { COUNTED, READ } from "./metric-table.ts";

export type { Metric } from "./metric-table.ts";

/**
 * Every metric that Headgate exports, by its name without `headgate_`. The alerts and the dashboard of
 * docs/operate use no others. A histogram has the series `_bucket`, `_sum` and `_count`.
 */
export const METRICS = { ...COUNTED, ...READ };

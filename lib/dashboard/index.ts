/** A dashboard of a gate: one route that any app can mount. */
export { createDashboard } from "./dashboard.ts";
export type { DashboardOptions, RouteContext } from "./options.ts";

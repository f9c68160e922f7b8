/** A dashboard of a gate: one route that any app can mount. */
export { createDashboard, type DashboardOptions } from "./dashboard.ts";

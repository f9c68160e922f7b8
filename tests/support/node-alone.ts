/** Entries for programs in Node. All other entries must run at the edge. */
export const NODE_ALONE: ReadonlySet<string> = new Set([
  "headgate/cli",
  "headgate/gateway",
  "headgate/plugin",
  "headgate/server",
  "headgate/tcp",
  "headgate/testing",
]);

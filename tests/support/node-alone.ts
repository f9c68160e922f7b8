/** Entries for programs in Node; each of the others must run at the edge. */
export const NODE_ALONE: ReadonlySet<string> = new Set([
  "headgate/cli",
  "headgate/gateway",
  "headgate/plugin",
  "headgate/server",
  "headgate/tcp",
  "headgate/testing",
]);

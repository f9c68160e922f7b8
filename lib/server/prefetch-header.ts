import type { IncomingMessage } from "node:http";

/**
 * Marks a prefetch of Next's router for the gate. Next removes its own headers from a request before
 * middleware runs, unless next.config sets `skipProxyUrlNormalize`.
 */
export function tellPrefetch({ headers }: IncomingMessage): void {
  const isPrefetch =
    headers["next-router-prefetch"] !== undefined ||
    headers["next-router-segment-prefetch"] !== undefined;
  if (isPrefetch) headers["x-headgate-prefetch"] = "1";
  else delete headers["x-headgate-prefetch"];
}

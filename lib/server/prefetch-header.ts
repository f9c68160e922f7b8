import type { IncomingMessage } from "node:http";

/**
 * Tells the gate of a prefetch by Next's router. Next takes its own headers off a request before
 * middleware sees it, unless next.config says `skipProxyUrlNormalize`.
 */
export function tellPrefetch({ headers }: IncomingMessage): void {
  const isPrefetch =
    headers["next-router-prefetch"] !== undefined ||
    headers["next-router-segment-prefetch"] !== undefined;
  if (isPrefetch) headers["x-headgate-prefetch"] = "1";
  else delete headers["x-headgate-prefetch"];
}

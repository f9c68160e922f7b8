import { once } from "node:events";
import type { Server } from "node:http";

/** Ends when the process is told to stop, by SIGTERM or SIGINT. A second signal ends it at once. */
export async function toldToStop(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}

/**
 * Takes no new connections, lets the requests in flight finish, and cuts off what is left after
 * `graceMs` milliseconds.
 */
export async function drain(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, "close");
  // A connection that is kept alive would bring one request after the other.
  server.prependListener("request", (_, response) => response.setHeader("Connection", "close"));
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  server.close();
  server.closeIdleConnections();
  await closed;
  clearTimeout(cut);
}

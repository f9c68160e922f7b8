import { once } from "node:events";
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** How often connections that have become idle are closed while a server drains, in milliseconds. */
const SWEEP_MS = 100;

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Resolves when the process is told to stop, by SIGTERM or SIGINT. A second signal ends it at once.
 *
 * @example
 * await stopSignal();
 * await store.stop();
 */
export async function stopSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve());
  });
  // An exit, not the signal's default end: it also ends what this process started.
  for (const signal of SIGNALS) process.on(signal, () => process.exit(1));
}

/**
 * Exits with 1 when the process is told to stop. A signal's default end would skip the work of an exit,
 * such as the removal of the lock of a build.
 *
 * @example
 * exitOnStopSignal();
 * await buildNext(root);
 */
export function exitOnStopSignal(): void {
  void stopSignal().then(() => process.exit(1));
}

/**
 * Makes a server one that can be drained: it takes no new connections, lets the requests in flight
 * finish, and cuts off whatever is left after `graceMs` milliseconds, upgraded sockets too.
 */
export function drainable(server: Server): (graceMs: number) => Promise<void> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return async (graceMs) => {
    const closed = once(server, "close");
    // A connection that is kept alive would bring one request after the other.
    server.prependListener("request", (_, response) => response.setHeader("Connection", "close"));
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, graceMs);
    server.close();
    server.closeIdleConnections();
    // Not idle to Node, which awaits a first request: a browser opens some that it may never use.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    // An answer that has begun says that its connection is kept alive: it is idle later.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
  };
}

import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { endStream, isEventStream } from "./event-stream.ts";

/** How often connections that have become idle are closed while a server drains, in milliseconds. */
const SWEEP_MS = 100;

/**
 * Makes a server one that can be drained: it takes no new connections, ends event streams, lets the
 * other requests in flight finish, and cuts off whatever is left after `graceMs` milliseconds, upgraded
 * sockets too.
 */
export function drainable(server: Server): (graceMs: number) => Promise<void> {
  /** The answers of each connection that are not known to have ended. */
  const open = new Map<Socket, readonly ServerResponse[]>();
  server.on("connection", (socket: Socket) => {
    open.set(socket, []);
    socket.once("close", () => open.delete(socket));
  });
  // Without a listener of the answer's: it has as many as Node takes without a warning.
  server.on("request", ({ socket }, response) => {
    const others = (open.get(socket) ?? []).filter(({ closed }) => !closed);
    if (open.has(socket)) open.set(socket, [...others, response]);
  });
  return async (graceMs) => {
    const closed = once(server, "close");
    // A connection that is kept alive would bring one request after the other.
    server.prependListener("request", (_, response) => response.setHeader("Connection", "close"));
    const cut = setTimeout(() => {
      for (const socket of open.keys()) socket.destroy();
    }, graceMs);
    server.close();
    // Not idle to Node, which awaits a first request: clients open some that they may never use.
    for (const socket of open.keys()) if (socket.bytesRead === 0) socket.destroy();
    const sweep = () => {
      // Such a stream would take all the time that there is, and its client connects again by itself.
      for (const response of [...open.values()].flat()) {
        if (isEventStream(response)) endStream(response);
      }
      // An answer that has begun says that its connection is kept alive: it is idle later.
      server.closeIdleConnections();
    };
    sweep();
    const sweeping = setInterval(sweep, SWEEP_MS);
    await closed;
    clearInterval(sweeping);
    clearTimeout(cut);
  };
}

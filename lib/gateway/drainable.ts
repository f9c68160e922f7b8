import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { endStream, isEventStream } from "./event-stream.ts";

/** How often connections that have become idle are closed while a server drains, in milliseconds. */
const SWEEP_MS = 100;

/**
 * Returns a function that drains a server. It accepts no new connections, ends event streams and lets other
 * requests in flight finish. After `graceMs` milliseconds it closes all connections that are left, upgraded
 * sockets too.
 */
export function drainable(server: Server): (graceMs: number) => Promise<void> {
  /** The responses of each connection that may not have ended. */
  const open = new Map<Socket, readonly ServerResponse[]>();
  server.on("connection", (socket: Socket) => {
    open.set(socket, []);
    socket.once("close", () => open.delete(socket));
  });
  // No listener is added to the response: it already has as many as Node accepts without a warning.
  server.on("request", ({ socket }, response) => {
    const others = (open.get(socket) ?? []).filter(({ closed }) => !closed);
    if (open.has(socket)) open.set(socket, [...others, response]);
  });
  return async (graceMs) => {
    const closed = once(server, "close");
    // A connection that is kept alive could bring more and more requests.
    server.prependListener("request", (_, response) => response.setHeader("Connection", "close"));
    const cut = setTimeout(() => {
      for (const socket of open.keys()) socket.destroy();
    }, graceMs);
    spareUnread(server, open);
    server.close();
    // Clients open connections that they may never use. Node does not count them as idle, since it waits for
    // their first request.
    for (const socket of open.keys()) if (socket.bytesRead === 0) socket.destroy();
    const sweep = () => {
      // An event stream would use up all of `graceMs`, and its client reconnects anyway.
      for (const response of [...open.values()].flat()) {
        if (isEventStream(response)) endStream(response);
      }
      // A response that had begun has announced keep-alive, so its connection becomes idle later.
      server.closeIdleConnections();
    };
    sweep();
    const sweeping = setInterval(sweep, SWEEP_MS);
    await closed;
    clearInterval(sweeping);
    clearTimeout(cut);
  };
}

/**
 * Makes a server keep connections whose response is not sent completely when it closes idle ones. Node counts
 * a connection as idle once its response is written, even if most of it still waits for the client.
 */
function spareUnread(server: Server, open: ReadonlyMap<Socket, readonly ServerResponse[]>): void {
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    const unread = [...open].filter(([, answers]) => answers.some(({ closed }) => !closed));
    for (const [socket] of unread) socket.destroy = () => socket;
    closeIdle();
    for (const [socket] of unread) Reflect.deleteProperty(socket, "destroy");
  };
}

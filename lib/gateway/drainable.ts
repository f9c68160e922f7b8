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
    spareUnread(server, open);
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

/**
 * Makes a server keep connections whose answer has not left whole when it closes those that are idle:
 * Node takes a connection for idle once its answer is written, however much of it waits for the client.
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

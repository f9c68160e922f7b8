import type { Server } from "node:http";
import type { Socket } from "node:net";

/** More than the headers of a request, and than the rest of a body that was answered, in bytes. */
const MOST_BYTES = 1_048_576;

/**
 * Closes connections that send and send although no request of theirs is at work. Node skips empty
 * lines before a request, however many come, and no timeout of Node's ends that.
 *
 * @param everyMs how often all connections are looked at, in milliseconds
 */
export function boundIdleBytes(server: Server, everyMs: number): void {
  const open = new Map<Socket, { atWork: number; from: number }>();
  server.on("connection", (socket: Socket) => {
    open.set(socket, { atWork: 0, from: 0 });
    socket.once("close", () => open.delete(socket));
  });
  server.on("request", ({ socket }, response) => {
    const state = open.get(socket);
    if (!state) return;
    state.atWork += 1;
    response.once("close", () => {
      state.atWork -= 1;
      state.from = socket.bytesRead;
    });
  });
  const look = () => {
    for (const [socket, { atWork, from }] of open) {
      if (atWork === 0 && socket.bytesRead - from > MOST_BYTES) socket.destroy();
    }
  };
  const looking = setInterval(look, everyMs).unref();
  server.once("close", () => clearInterval(looking));
}

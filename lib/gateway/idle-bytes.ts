import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** More than the headers of a request, and than the rest of a body that was answered, in bytes. */
const MOST_BYTES = 1_048_576;

interface State {
  /** The answer to the last request. */
  last: ServerResponse | undefined;
  /** The last answer that a look has found closed. */
  idleAfter: ServerResponse | undefined;
  /** How many bytes had come by that look. */
  from: number;
}

/**
 * Closes connections that send and send although no request of theirs is at work. Node skips empty
 * lines before a request, however many come, and no timeout of Node's ends that.
 *
 * @param everyMs how often all connections are looked at, in milliseconds
 */
export function boundIdleBytes(server: Server, everyMs: number): void {
  const open = new Map<Socket, State>();
  server.on("connection", (socket: Socket) => {
    open.set(socket, { last: undefined, idleAfter: undefined, from: 0 });
    socket.once("close", () => open.delete(socket));
  });
  // Without a listener of the answer's: it has as many as Node takes without a warning.
  server.on("request", ({ socket }, response) => {
    const state = open.get(socket);
    if (state) state.last = response;
  });
  const looking = setInterval(() => {
    for (const [socket, state] of open) look(socket, state);
  }, everyMs).unref();
  server.once("close", () => clearInterval(looking));
}

function look(socket: Socket, state: State): void {
  const { last, idleAfter, from } = state;
  if (last !== idleAfter) {
    state.from = socket.bytesRead;
    if (last?.closed) state.idleAfter = last;
  } else if (socket.bytesRead - from > MOST_BYTES) socket.destroy();
}

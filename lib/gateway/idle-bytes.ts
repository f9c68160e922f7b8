import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * The most bytes on a connection without a request in progress. It is more than the headers of a request, and
 * more than the rest of a body whose request was answered.
 */
const MOST_BYTES = 1_048_576;

interface State {
  /** The response to the last request. */
  last: ServerResponse | undefined;
  /** The last response that a check has found closed. */
  idleAfter: ServerResponse | undefined;
  /** How many bytes the connection had received by that check. */
  from: number;
}

/**
 * Closes connections that keep sending while none of their requests is in progress. Node skips any number of
 * empty lines before a request, and none of its timeouts ends that.
 *
 * @param everyMs how often all connections are checked, in milliseconds
 */
export function boundIdleBytes(server: Server, everyMs: number): void {
  const open = new Map<Socket, State>();
  server.on("connection", (socket: Socket) => {
    open.set(socket, { last: undefined, idleAfter: undefined, from: 0 });
    socket.once("close", () => open.delete(socket));
  });
  // No listener is added to the response: it already has as many as Node accepts without a warning.
  server.on("request", ({ socket }, response) => {
    const state = open.get(socket);
    if (state) state.last = response;
  });
  const checking = setInterval(() => {
    for (const [socket, state] of open) check(socket, state);
  }, everyMs).unref();
  server.once("close", () => clearInterval(checking));
}

function check(socket: Socket, state: State): void {
  const { last, idleAfter, from } = state;
  if (last !== idleAfter) {
    state.from = socket.bytesRead;
    if (last?.closed) state.idleAfter = last;
  } else if (socket.bytesRead - from > MOST_BYTES) socket.destroy();
}

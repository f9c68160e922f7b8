import type { Duplex } from "node:stream";

/** The most requests that may wait on one connection; who sends more does not mean to be served. */
const MOST_WAITING = 100;

interface Line {
  last: Promise<unknown>;
  waiting: number;
}

/**
 * Lets the requests of one connection take turns, so that pipelined ones are handled in their order
 * and a connection has one request at work. What it gives waits for the turn, and answers whether
 * the connection can still be answered on; `done` ends the turn.
 */
export function takingTurns(): (socket: Duplex, done: Promise<unknown>) => Promise<boolean> {
  const lines = new WeakMap<Duplex, Line>();
  return async (socket, done) => {
    const line = lines.get(socket) ?? { last: Promise.resolve(), waiting: 0 };
    lines.set(socket, line);
    const before = line.last;
    line.last = done;
    line.waiting += 1;
    if (line.waiting > MOST_WAITING) socket.destroy();
    // Also where nobody is before: what is wrong with the bytes at hand is known only after this.
    await before;
    line.waiting -= 1;
    return socket.writable;
  };
}

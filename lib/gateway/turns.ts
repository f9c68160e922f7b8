import type { Duplex } from "node:stream";

/** The most requests that may wait on one connection. A client that sends more is disconnected. */
const MOST_WAITING = 100;

interface Line {
  last: Promise<unknown>;
  waiting: number;
}

/**
 * Returns a function that makes the requests of one connection take turns. Pipelined requests are handled in
 * order, one at a time. The function waits for the turn, and returns true while the connection can still be
 * written to. `done` ends the turn.
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
    // Awaited even without a request before this one: Node reports invalid bytes only after it.
    await before;
    line.waiting -= 1;
    return socket.writable;
  };
}

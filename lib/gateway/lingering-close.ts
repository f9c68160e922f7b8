import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** How much a client may still send once it was answered, in bytes. */
export const GRACE_BYTES = 262_144;
/** How long it may still send, and how long it has to read the answer, in milliseconds. */
const GRACE_MS = 1_000;

/**
 * Ends a connection after some last bytes. A connection that is closed while its client still sends is
 * reset, and the client may lose the answer. So up to 256 KiB are read and dropped, then no more, and
 * the connection is cut when the client has closed it, or after a second.
 */
export function endLingering(socket: Duplex, last = ""): void {
  if (!socket.writable) return;
  socket.end(last);
  // Nothing is parsed any more: reading a body would go on where it is to stop.
  socket.removeAllListeners("data");
  bounded(socket, {
    bytes: () => socket.pause(),
    time: () => socket.destroy(),
  });
}

/**
 * Ends the connection of a request that was answered before its body had come whole, unless the rest
 * of the body comes within a second and 256 KiB. The answer announces the end where the rest is known
 * to be larger.
 */
export function endUnlessWhole(request: IncomingMessage, response: ServerResponse): void {
  // Before Node's own listener, which would close at once after an answer that announces the end.
  response.prependOnceListener("finish", () => {
    if (request.complete) return;
    const { socket } = request;
    socket.destroySoon = () => endLingering(socket);
    const end = () => {
      if (!request.complete) endLingering(socket);
    };
    const stop = bounded(socket, { bytes: end, time: end });
    request.once("end", stop);
    // Where the handler has read a part, Node leaves the rest.
    if (request.listenerCount("data") === 0) request.resume();
  });
}

interface Ends {
  /** Called once the client has sent too much. */
  readonly bytes: () => void;
  /** Called when the time is over. */
  readonly time: () => void;
}

/** Bounds what a connection may still send; returns a function that takes the bounds off. */
function bounded(socket: Duplex, { bytes, time }: Ends): () => void {
  let left = GRACE_BYTES;
  const count = (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) bytes();
  };
  socket.on("data", count);
  const stop = () => {
    clearTimeout(timer);
    socket.off("data", count);
    socket.off("close", stop);
  };
  const timer = setTimeout(() => {
    stop();
    time();
  }, GRACE_MS);
  socket.once("close", stop);
  return stop;
}

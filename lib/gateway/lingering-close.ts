import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** How much a client may still send after it was answered, in bytes. */
export const GRACE_BYTES = 262_144;
/**
 * How long a client may still send after it was answered, and how long it may take to read the answer, in
 * milliseconds.
 */
const GRACE_MS = 1_000;

/**
 * Ends a connection after some last bytes. If a connection is closed while its client still sends, it is
 * reset, and the client may not get the answer. So up to 256 KiB are read and dropped. The connection is
 * destroyed when the client has closed it, or after a second.
 */
export function endLingering(socket: Duplex, last = ""): void {
  if (!socket.writable) return;
  socket.end(last);
  // Parsing stops here: a parser that still read the body would go beyond the bound.
  socket.removeAllListeners("data");
  bounded(socket, {
    bytes: () => socket.pause(),
    time: () => socket.destroy(),
  });
}

/**
 * Ends the connection of a request that was answered before its whole body had arrived, unless the rest
 * arrives within a second and 256 KiB. The answer announces the close when the rest is known to be larger.
 */
export function endUnlessWhole(request: IncomingMessage, response: ServerResponse): void {
  // This listener runs before Node's own, which would close at once after an answer that announces it.
  response.prependOnceListener("finish", () => {
    if (request.complete) return;
    const { socket } = request;
    socket.destroySoon = () => endLingering(socket);
    const end = () => {
      if (!request.complete) endLingering(socket);
    };
    const stop = bounded(socket, { bytes: end, time: end });
    request.once("end", stop);
    // When the handler has read a part of the body, Node does not read the rest.
    if (request.listenerCount("data") === 0) request.resume();
  });
}

interface Ends {
  /** Called once the client has sent too much. */
  readonly bytes: () => void;
  /** Called when the time has passed. */
  readonly time: () => void;
}

/** Bounds what a connection may still send. Returns a function that removes the bounds. */
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

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { endWith } from "./own-answer.ts";

/** The settings by which a server ends a connection. */
export type EndedBy =
  | "headersTimeoutMs"
  | "requestTimeoutMs"
  | "stalledTimeoutMs"
  | "headerBytes"
  | "bodyBytes";

/** The errors of Node's server that have a status other than 400. */
const STATUSES: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/**
 * Ends connections that break a limit of Node's server, as Node itself does, and calls `ended` with the
 * setting. It is not called for a connection that sent nothing, as browsers open some, or that waited for its
 * next request.
 */
export function endConnections(server: Server, ended: (by: EndedBy) => void): void {
  const lastRequest = new WeakMap<Duplex, IncomingMessage>();
  /** The responses of each connection, in order. Those that have ended are dropped later. */
  const answers = new WeakMap<Duplex, readonly ServerResponse[]>();
  // One more listener on each response would make Node warn.
  const owed = (socket: Duplex) => (answers.get(socket) ?? []).filter(({ closed }) => !closed);

  server.on("request", (request, response) => {
    const { socket } = request;
    answers.set(socket, [...owed(socket), response]);
    lastRequest.set(socket, request);
  });

  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // The request was answered, and more bytes arrived while the response was sent.
    if (socket.writableEnded) return;
    const by = settingOf(error, lastRequest.get(socket));
    if (by && socket.bytesRead > 0) ended(by);
    const end = () => endWith(socket, STATUSES[error.code ?? ""] ?? 400);
    const [current] = owed(socket);
    // A response that has begun can only be aborted.
    if (current?.headersSent || !socket.writable) socket.destroy();
    // HTTP/1.1 matches responses to requests by order, so a complete request is answered first.
    else if (current?.req.complete && error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
      current.once("close", () => socket.writableEnded || end());
    } else end();
  });

  server.on("timeout", (socket: Socket) => {
    // No request has arrived. The headers timeout answers 408.
    if (!lastRequest.has(socket)) return;
    if (owed(socket).length > 0) ended("stalledTimeoutMs");
    socket.destroy();
  });
}

/**
 * Returns the setting of an error. Node raises the same error for both timeouts: the headers timeout and, for
 * a request's body, the request timeout.
 */
function settingOf(
  { code }: NodeJS.ErrnoException,
  request: IncomingMessage | undefined,
): EndedBy | undefined {
  if (code === "HPE_HEADER_OVERFLOW") return "headerBytes";
  if (code !== "ERR_HTTP_REQUEST_TIMEOUT") return undefined;
  return request && !request.complete ? "requestTimeoutMs" : "headersTimeoutMs";
}

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
 * Ends the connections of a server that break a bound of Node's, as Node itself does, and calls
 * `ended` with the setting. A connection that sent nothing, as browsers open some, and one that waited
 * for its next request end without a call.
 */
export function endConnections(server: Server, ended: (by: EndedBy) => void): void {
  const lastRequest = new WeakMap<Duplex, IncomingMessage>();
  /** The answers of each connection, in their order; those that have ended are dropped later. */
  const answers = new WeakMap<Duplex, readonly ServerResponse[]>();
  // A listener of each answer's would be one more than Node takes without a warning.
  const owed = (socket: Duplex) => (answers.get(socket) ?? []).filter(({ closed }) => !closed);

  server.on("request", (request, response) => {
    const { socket } = request;
    answers.set(socket, [...owed(socket), response]);
    lastRequest.set(socket, request);
  });

  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // It was answered, and more bytes arrived while the answer was sent.
    if (socket.writableEnded) return;
    const by = settingOf(error, lastRequest.get(socket));
    if (by && socket.bytesRead > 0) ended(by);
    const end = () => endWith(socket, STATUSES[error.code ?? ""] ?? 400);
    const [current] = owed(socket);
    // An answer that has begun can only break off.
    if (current?.headersSent || !socket.writable) socket.destroy();
    // Answers are told apart by their order alone: a request that came whole has its own first.
    else if (current?.req.complete && error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
      current.once("close", () => socket.writableEnded || end());
    } else end();
  });

  server.on("timeout", (socket: Socket) => {
    // No request has arrived: the headers timeout answers 408.
    if (!lastRequest.has(socket)) return;
    if (owed(socket).length > 0) ended("stalledTimeoutMs");
    socket.destroy();
  });
}

/** Node raises one error for both of its timeouts: the second holds for a request's body. */
function settingOf(
  { code }: NodeJS.ErrnoException,
  request: IncomingMessage | undefined,
): EndedBy | undefined {
  if (code === "HPE_HEADER_OVERFLOW") return "headerBytes";
  if (code !== "ERR_HTTP_REQUEST_TIMEOUT") return undefined;
  return request && !request.complete ? "requestTimeoutMs" : "headersTimeoutMs";
}

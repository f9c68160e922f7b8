import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { formatSize } from "#lib/core/size";
import { endLingering } from "./lingering-close.ts";

/** A valid Host header: without a path, a user, or a character that another parser takes for its end. */
const HOST = /^[^\s/\\?#@,]*$/;
const ABSOLUTE = /^https?:\/\/([^/?]+)(.*)$/is;

/**
 * Returns the status with which the server itself answers an invalid request, so that no handler sees it.
 * Returns undefined for a valid request. A target in absolute form is changed to origin form (RFC 9112,
 * 3.2.2), the only form that Next reads.
 *
 * @param bodyBytes the largest body, in bytes
 */
export function ownStatus(request: IncomingMessage, bodyBytes: number): number | undefined {
  const { headers, httpVersion, method } = request;
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return 505;
  // TRACE would echo cookies and headers that a page's scripts must not read.
  if (method === "TRACE") return 501;
  if (request.url === "*" && method === "OPTIONS") return 204;
  toOriginForm(request);
  if (!isSound(request)) return 400;
  return Number(headers["content-length"] ?? 0) > bodyBytes ? 413 : undefined;
}

function toOriginForm(request: IncomingMessage): void {
  const [, host, rest] = ABSOLUTE.exec(request.url ?? "") ?? [];
  if (host === undefined || rest === undefined) return;
  request.url = rest.startsWith("/") ? rest : `/${rest}`;
  request.headers.host = host;
}

function isSound({ headers, headersDistinct, httpVersion, url = "" }: IncomingMessage): boolean {
  const coding = headers["transfer-encoding"];
  return (
    url.startsWith("/") &&
    !url.includes("#") &&
    (headersDistinct["host"]?.length ?? 0) <= 1 &&
    HOST.test(headers.host ?? "") &&
    // Node's parser accepts `gzip, chunked` too, and passes on the compressed bytes.
    (coding === undefined || (coding.toLowerCase() === "chunked" && httpVersion === "1.1"))
  );
}

/** Responds to a request with a status and problem details (RFC 9457), and closes its connection. */
export function answerWith(response: ServerResponse, status: number, detail?: string): void {
  const { headers, body } = problemOf(status, detail);
  response.writeHead(status, { ...headers, Connection: "close" });
  response.end(status === 204 ? undefined : body);
}

/** Does the same on a connection where no response has begun. */
export function endWith(socket: Duplex, status: number, detail?: string): void {
  if (!socket.writable) return;
  const { headers, body } = problemOf(status, detail);
  const lines = Object.entries({ ...headers, Connection: "close" }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}`;
  endLingering(socket, `${head}\r\n${body}`);
}

/** Returns the detail of the problem for a body that is too large. */
export function atMost(bodyBytes: number): string {
  return `The body of a request must be at most ${formatSize(bodyBytes)}.`;
}

/** Reason phrases that RFC 9110 changed and Node did not. */
const TITLES: Readonly<Record<number, string>> = { 413: "Content Too Large" };

function problemOf(status: number, detail: string | undefined) {
  if (status === 204) return { headers: {}, body: "" };
  const title = TITLES[status] ?? STATUS_CODES[status] ?? "";
  const body = JSON.stringify({ type: "about:blank", title, status, ...(detail && { detail }) });
  const headers = {
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
  };
  return { headers, body };
}

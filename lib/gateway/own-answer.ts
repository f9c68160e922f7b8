import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** What may stand in Host: no path, no user, nothing that another reader takes for its end. */
const HOST = /^[^\s/\\?#@,]*$/;
const ABSOLUTE = /^https?:\/\/([^/?]+)(.*)$/is;

/**
 * The status by which the server itself answers a request, so that no handler sees it; undefined for
 * one that is sound. A target in absolute form becomes one in origin form (RFC 9112, 3.2.2), since
 * what is behind reads nothing else.
 *
 * @param bodyBytes the largest body, in bytes
 */
export function ownStatus(request: IncomingMessage, bodyBytes: number): number | undefined {
  const { headers, httpVersion, method } = request;
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return 505;
  // It would show a page's script the cookies and headers that are kept from it.
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
    // Node's parser takes `gzip, chunked` too, and hands on the bytes as they are.
    (coding === undefined || (coding.toLowerCase() === "chunked" && httpVersion === "1.1"))
  );
}

/** Ends a connection with a status, where no answer has begun on it. */
export function endWith(socket: Duplex, status: number): void {
  if (!socket.writable) return;
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`;
  socket.end(`${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

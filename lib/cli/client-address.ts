import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SOCKET_HEADER } from "#lib/identity/address";

/** Headers by which a client could claim another address. */
const CLAIMS = ["x-real-ip", "forwarded", "x-client-ip", "true-client-ip", "cf-connecting-ip"];

/** Names each request's client before Next sees it. */
export interface ClientNaming {
  /** For the process's environment, so that only our own words are believed. */
  readonly variables: Readonly<Record<string, string>>;
  /** For the person who started the server. */
  readonly line: string;
  name(request: IncomingMessage): void;
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/**
 * The client that this very process asks itself something for, as Next does with a Server Action that
 * was sent to another page than its own. It hands the client's headers on, ours among them.
 */
function askedFor(request: IncomingMessage, nonce: string): string | undefined {
  if (!LOOPBACK.test(request.socket.remoteAddress ?? "")) return undefined;
  const [given, address] = String(request.headers[SOCKET_HEADER] ?? "").split(" ");
  return given === nonce ? address : undefined;
}

/**
 * With CLIENT_IP_FROM unset or "socket", the socket's address takes the place of whatever the
 * client claimed. Behind proxies (another value) their headers stay; only ours cannot be forged.
 */
export function clientNaming(clientIpFrom: string | undefined): ClientNaming {
  if (clientIpFrom && clientIpFrom !== "socket") {
    return {
      variables: {},
      line: `counted by address, as CLIENT_IP_FROM=${clientIpFrom} says`,
      name: (request) => {
        delete request.headers[SOCKET_HEADER];
      },
    };
  }
  const nonce = randomBytes(18).toString("base64url");
  return {
    variables: { HEADGATE_SOCKET_NONCE: nonce },
    line: "counted by the socket's address (behind a proxy, set CLIENT_IP_FROM)",
    name: (request) => {
      const address = askedFor(request, nonce) ?? request.socket.remoteAddress ?? "";
      for (const claim of CLAIMS) delete request.headers[claim];
      request.headers["x-forwarded-for"] = address;
      request.headers[SOCKET_HEADER] = `${nonce} ${address}`;
    },
  };
}

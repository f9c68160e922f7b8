import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { OTHER_ADDRESS_HEADERS } from "#lib/identity/address-headers";
import { PLATFORMS } from "#lib/identity/platforms/all";
import { SOCKET_HEADER } from "#lib/identity/platforms/socket";

/** Headers by which a client could claim another address, and a proxy would name it. */
const CLAIMS = [
  "x-forwarded-for",
  ...PLATFORMS.flatMap(({ header = [] }) => header),
  "forwarded",
  ...OTHER_ADDRESS_HEADERS,
];

/** Headers by which a proxy says what site was asked for. Next believes them, above all for an Origin. */
const SITE = ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-port"];

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
  const { remoteAddress = "", localAddress } = request.socket;
  // Who listens on one address of the machine asks from it, and not from loopback.
  if (!LOOPBACK.test(remoteAddress) && remoteAddress !== localAddress) return undefined;
  const [given, address] = String(request.headers[SOCKET_HEADER] ?? "").split(" ");
  return given === nonce ? address : undefined;
}

/**
 * With CLIENT_IP_FROM unset or "socket", the socket's address takes the place of whatever the
 * client claimed, and no header names another site than Host. Behind proxies (another value) their headers stay; only ours cannot be forged.
 *
 * @param warn called, once, with a line about a request with a header that a proxy would have written
 */
export function clientNaming(
  clientIpFrom: string | undefined,
  warn: (line: string) => void,
): ClientNaming {
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
  let hasWarned = false;
  return {
    variables: { HEADGATE_SOCKET_NONCE: nonce },
    line: "counted by the socket's address (behind a proxy, set CLIENT_IP_FROM)",
    name: (request) => {
      const own = askedFor(request, nonce);
      const claimed = CLAIMS.filter((claim) => request.headers[claim] !== undefined);
      const [found] = claimed;
      if (found !== undefined && own === undefined && !hasWarned) {
        hasWarned = true;
        warn(surprise(found));
      }
      for (const claim of claimed) delete request.headers[claim];
      // What Next asks of itself carries the site that its client asked for.
      if (own === undefined) for (const name of SITE) delete request.headers[name];
      const address = own ?? request.socket.remoteAddress ?? "";
      request.headers["x-forwarded-for"] = address;
      request.headers[SOCKET_HEADER] = `${nonce} ${address}`;
    },
  };
}

/** Any client can send such a header, so this is said once, and without what it holds. */
function surprise(header: string): string {
  const value = OTHER_ADDRESS_HEADERS.includes(header) ? `header:${header}` : "hops:1";
  return `warning  CLIENT_ADDRESS_HEADER_UNCONFIGURED: a request carried ${header}, and clients are counted by the socket. If a proxy wrote it, all clients are now counted as one, the proxy: set CLIENT_IP_FROM=${value}. Else nothing is wrong. docs/client-address.md#client_address_header_unconfigured`;
}

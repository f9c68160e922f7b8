import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { OTHER_ADDRESS_HEADERS } from "#lib/identity/address-headers";
import { PLATFORMS } from "#lib/identity/platforms/all";
import { SOCKET_HEADER } from "#lib/identity/platforms/socket";

/** Headers in which a proxy names the client, and a client could claim another address. */
const CLAIMS = [
  "x-forwarded-for",
  ...PLATFORMS.flatMap(({ header = [] }) => header),
  "forwarded",
  ...OTHER_ADDRESS_HEADERS,
];

/** Headers in which a proxy names the requested site. Next trusts them, above all when it checks an Origin. */
const SITE = ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-port"];

/** Names the client of each request before Next handles it. */
export interface ClientNaming {
  /** Variables for the environment of this process, by which the gate trusts our own header only. */
  readonly variables: Readonly<Record<string, string>>;
  /** The line for the person who started the server. */
  readonly line: string;
  name(request: IncomingMessage): void;
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/**
 * Returns the address of the client for whom this process sends a request to itself; undefined for every other
 * request. Next sends such requests for a Server Action that was sent to another page, with the headers of the
 * client, including ours.
 */
function askedFor(request: IncomingMessage, nonce: string): string | undefined {
  const { remoteAddress = "", localAddress } = request.socket;
  // A server that listens on one address of the machine sends from that address, and not from loopback.
  if (!LOOPBACK.test(remoteAddress) && remoteAddress !== localAddress) return undefined;
  const [given, address] = String(request.headers[SOCKET_HEADER] ?? "").split(" ");
  return given === nonce ? address : undefined;
}

/**
 * Makes the naming of clients. With CLIENT_IP_FROM unset or "socket", the socket's address replaces the
 * client's claims, and no header but Host names the site. Behind proxies (another value) the proxies' headers
 * stay, and only a forged header of ours is removed.
 *
 * @param warn called once, with a line about a request whose header a proxy may have written
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
      // A request of Next to itself names the site that its client requested.
      if (own === undefined) for (const name of SITE) delete request.headers[name];
      const address = own ?? request.socket.remoteAddress ?? "";
      request.headers["x-forwarded-for"] = address;
      request.headers[SOCKET_HEADER] = `${nonce} ${address}`;
    },
  };
}

/** Returns the warning about a header. Any client can send one, so its value is left out. */
function surprise(header: string): string {
  const value = OTHER_ADDRESS_HEADERS.includes(header) ? `header:${header}` : "hops:1";
  return `warning  CLIENT_ADDRESS_HEADER_UNCONFIGURED: a request carried ${header}, and clients are counted by the socket. If a proxy wrote it, all clients are now counted as one, the proxy: set CLIENT_IP_FROM=${value}. Else nothing is wrong. headgate/docs/reference/errors.md#client_address_header_unconfigured`;
}

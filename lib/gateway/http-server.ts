import {
  createServer,
  type IncomingMessage,
  maxHeaderSize,
  type Server,
  ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import { CountedRequest } from "./counted-request.ts";
import { boundConnections, connectionsAllowed } from "./connections.ts";
import { endConnections } from "./ended-connections.ts";
import { endedLines, type EndedLines } from "./ended-lines.ts";
import { boundIdleBytes } from "./idle-bytes.ts";
import { endUnlessWhole } from "./lingering-close.ts";
import { answerWith, atMost, endWith, ownStatus } from "./own-answer.ts";
import { takingTurns } from "./turns.ts";

/** How much a server accepts from a client, and how long it waits for one. */
export interface HttpSettings {
  /** How long the headers of a request may take, in milliseconds; on a new connection, from its opening. */
  readonly headersTimeoutMs: number;
  /** How long a complete request may take to arrive, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** How long a connection may wait for its next request, in milliseconds. Node adds a second. */
  readonly keepAliveTimeoutMs: number;
  /**
   * How long a connection may be without a byte in either direction while a response is due, in milliseconds.
   */
  readonly stalledTimeoutMs: number;
  /** How often the first two are checked, in milliseconds. */
  readonly checkEveryMs: number;
  /** The largest request line with all headers, in bytes: Node's `--max-http-header-size`. */
  readonly headerBytes: number;
  /** The largest body, in bytes. */
  readonly bodyBytes: number;
  /** The most connections. For each one more, the one that has waited longest is closed. */
  readonly connections: number;
  /** True when upgrade requests are passed on; otherwise they are handled like any other request. */
  readonly upgrades: boolean;
  /** The class of responses. */
  readonly response: typeof ServerResponse<CountedRequest>;
  /** The variable or option that sets each limit, for the lines of `report`. */
  readonly names: EndedLines["names"];
  /** Called with a line about connections that a limit has ended, at most every few seconds. */
  readonly report: (line: string) => void;
}

const DEFAULTS: Omit<HttpSettings, "connections"> = {
  headersTimeoutMs: 10_000,
  // The largest body arrives within this time at 7 kB/s, which the slowest mobile networks reach.
  requestTimeoutMs: 20_000,
  keepAliveTimeoutMs: 10_000,
  stalledTimeoutMs: 60_000,
  // With Node's default of 30 s a client could have that much more time.
  checkEveryMs: 1_000,
  headerBytes: maxHeaderSize,
  // Twice what a handler reads (64 kB). Next buffers a body in memory before a handler can reject it.
  bodyBytes: 131_072,
  upgrades: false,
  response: ServerResponse,
  names: {},
  report: () => {},
};

/** The listeners that this server adds to a response: for its connection and for its turn. */
const OWN_LISTENERS = 2;

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * Makes an HTTP/1.1 server that withstands hostile clients. A request that is slow, too large or ambiguously
 * framed (RFC 9112, 6.3) is answered with 408, 413, 431 or 400, and its connection is closed. No handler sees
 * later bytes of that connection. The requests of one connection are handled one at a time. When a request is
 * answered before its whole body has arrived, the client may send the rest for a second and up to 256 KiB.
 * Then the connection is closed.
 *
 * @param handle answers a request; it never throws
 */
export function createHttpServer(handle: Handler, settings: Partial<HttpSettings> = {}): Server {
  const its = { connections: connectionsAllowed(), ...DEFAULTS, ...settings };
  const server = createServer({
    IncomingMessage: CountedRequest,
    ServerResponse: its.response,
    headersTimeout: its.headersTimeoutMs,
    requestTimeout: its.requestTimeoutMs,
    keepAliveTimeout: its.keepAliveTimeoutMs,
    connectionsCheckingInterval: its.checkEveryMs,
    maxHeaderSize: its.headerBytes,
    insecureHTTPParser: false,
    requireHostHeader: true,
    noDelay: true,
    shouldUpgradeCallback: () => its.upgrades,
  });
  server.timeout = its.stalledTimeoutMs;
  boundConnections(server, its.connections);
  // An upgraded connection carries no more requests.
  if (!its.upgrades) boundIdleBytes(server, its.checkEveryMs);
  const ended = endedLines({ ...its, values: its });
  const tooLarge = () => ended("bodyBytes");
  endConnections(server, ended);

  const turn = takingTurns();
  const serve = async (request: CountedRequest, response: ServerResponse) => {
    // Node warns of a leak from the eleventh listener on. The handler keeps its ten, because next dev uses
    // nine.
    response.setMaxListeners(response.getMaxListeners() + OWN_LISTENERS);
    request.bound(its.bodyBytes, response, tooLarge);
    const closed = new Promise((resolve) => response.once("close", resolve));
    if (!(await turn(request.socket, closed))) return;
    if (!request.complete) endUnlessWhole(request, response);
    const status = ownStatus(request, its.bodyBytes);
    if (status === undefined) {
      handle(request, response);
      return;
    }
    if (status === 413) tooLarge();
    answerWith(response, status, status === 413 ? atMost(its.bodyBytes) : undefined);
  };
  const refuseTunnel = async (socket: Duplex) => {
    // Node has detached this socket: without a listener, a client that disconnects would be an uncaught
    // error.
    for (const end of ["error", "timeout"]) socket.on(end, () => socket.destroy());
    if (await turn(socket, Promise.resolve())) endWith(socket, 501);
  };
  server.on("request", (request, response) => void serve(request, response));
  // Without a listener Node would close the connection without a response.
  server.on("connect", (_, socket) => void refuseTunnel(socket));
  return server;
}

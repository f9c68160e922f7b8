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

/** What a server takes from a client, and how long it waits for one. */
export interface HttpSettings {
  /** How long a request's headers may take, on a new connection from its opening; milliseconds. */
  readonly headersTimeoutMs: number;
  /** How long a whole request may take to arrive; milliseconds. */
  readonly requestTimeoutMs: number;
  /** How long a connection may wait for its next request; milliseconds. Node adds a second. */
  readonly keepAliveTimeoutMs: number;
  /** How long no byte may move, either way, while an answer is owed; milliseconds. */
  readonly stalledTimeoutMs: number;
  /** How often the first two are looked at; milliseconds. */
  readonly checkEveryMs: number;
  /** The request line and all headers together, in bytes; `--max-http-header-size` of Node's. */
  readonly headerBytes: number;
  /** The largest body, in bytes. */
  readonly bodyBytes: number;
  /** The most connections; for one more, the one that waits for longest is closed. */
  readonly connections: number;
  /** Whether upgrades are handed on, rather than be requests like any other. */
  readonly upgrades: boolean;
  /** The class of responses. */
  readonly response: typeof ServerResponse<CountedRequest>;
  /** What a person sets each limit by, for the lines below. */
  readonly names: EndedLines["names"];
  /** Called with a line about the connections that a limit ended, every few seconds at most. */
  readonly report: (line: string) => void;
}

const DEFAULTS: Omit<HttpSettings, "connections"> = {
  headersTimeoutMs: 10_000,
  // The largest body in this time asks for 7 kB/s, which the slowest mobile network has.
  requestTimeoutMs: 20_000,
  keepAliveTimeoutMs: 10_000,
  stalledTimeoutMs: 60_000,
  // Node's own half a minute would let a client have that much more.
  checkEveryMs: 1_000,
  headerBytes: maxHeaderSize,
  // Twice what a handler reads (64 kB): Next keeps a body in memory before anything has refused it.
  bodyBytes: 131_072,
  upgrades: false,
  response: ServerResponse,
  names: {},
  report: () => {},
};

/** Our own listeners of the end of a response: of its connection, and of its turn. */
const OWN_LISTENERS = 2;

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * Makes an HTTP/1.1 server that holds against hostile clients. Whatever is slow, too large or framed
 * in two ways (RFC 9112, 6.3) is answered 408, 413, 431 or 400, and its connection closed; what
 * comes after it there reaches no handler. The requests of one connection are handled one by one. A
 * request that is answered before its body has come whole has a second and 256 KiB for the rest; then
 * its connection is closed.
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
  // An upgraded connection has no requests any more.
  if (!its.upgrades) boundIdleBytes(server, its.checkEveryMs);
  const ended = endedLines({ ...its, values: its });
  const tooLarge = () => ended("bodyBytes");
  endConnections(server, ended);

  const turn = takingTurns();
  const serve = async (request: CountedRequest, response: ServerResponse) => {
    // Node warns of a leak from the eleventh on; all ten are left to the handler: next dev has nine.
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
    // Node has let go of it: a client that breaks off would be an error that nobody hears.
    for (const end of ["error", "timeout"]) socket.on(end, () => socket.destroy());
    if (await turn(socket, Promise.resolve())) endWith(socket, 501);
  };
  server.on("request", (request, response) => void serve(request, response));
  // Without a listener Node would close it without a word.
  server.on("connect", (_, socket) => void refuseTunnel(socket));
  return server;
}

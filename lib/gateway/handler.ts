import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { isHeadgateError } from "#lib/core/errors";
import { type AnswerText, textOf } from "./answer-text.ts";
import { readBody } from "./body.ts";
import { ReplyPool } from "#lib/gateway/store/reply-budget";
import { RequestError } from "./request-error.ts";
import { answer, type RouteOptions } from "./routes.ts";
import { type StreamBounds, Streams } from "./streams.ts";
import { readSubscription } from "./subscription-path.ts";

export interface HandlerOptions extends RouteOptions, StreamBounds {
  readonly isAuthorized: (authorization: string | undefined) => boolean;
  readonly bodyBytes: number;
  readonly concurrentRequests: number;
  readonly replyBytes: number;
  readonly allReplyBytes: number;
  /** Returns true while the gateway accepts requests. After that, each connection closes with its answer. */
  readonly isOpen: () => boolean;
  /** Called with a line when the gateway itself fails. */
  readonly report: (line: string) => void;
}

/** The listener that answers requests, and the open streams. */
export interface GatewayHandler {
  /** The listener of the HTTP server. It checks the token first, for every path and method. */
  readonly listener: RequestListener;
  readonly streams: Streams;
}

/** Makes the listener of the HTTP server. */
export function createHandler(options: HandlerOptions): GatewayHandler {
  let atWork = 0;
  const context = { options, pool: new ReplyPool(options), streams: new Streams(options) };

  /**
   * Resolves to the answer, or to undefined for a stream, which is not a request in progress once it is open.
   */
  async function settle(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<AnswerText | undefined> {
    if (!options.isAuthorized(request.headers.authorization)) {
      throw new RequestError(
        401,
        "Unauthorized: the Authorization header must hold a valid Bearer token",
      );
    }
    if (atWork >= options.concurrentRequests) {
      throw new RequestError(503, `ERR ${atWork} requests are in progress already; try again`);
    }
    atWork += 1;
    try {
      return await work(request, response, context);
    } finally {
      atWork -= 1;
    }
  }

  const listener: RequestListener = (request, response) => {
    settle(request, response)
      .catch((error: unknown) => failure(error, options.report))
      .then((answered) => answered && write(response, answered, options.isOpen()))
      .catch(() => response.destroy());
  };
  return { listener, streams: context.streams };
}

interface Context {
  readonly options: HandlerOptions;
  readonly pool: ReplyPool;
  readonly streams: Streams;
}

async function work(
  request: IncomingMessage,
  response: ServerResponse,
  { options, pool, streams }: Context,
): Promise<AnswerText | undefined> {
  const { headers, method = "", url = "/" } = request;
  if (headers["upstash-response-format"] === "resp2") {
    throw new RequestError(400, "ERR the gateway answers in JSON only, not in RESP2");
  }
  const subscription = readSubscription(method, url);
  // The body is requested only now, from clients that have the token.
  if (headers.expect) response.writeContinue();
  const body = await readBody(request, options.bodyBytes);
  // @upstash/redis sends an empty list of commands; only the path matters.
  if (subscription) {
    await streams.open(subscription, response);
    return undefined;
  }
  const budget = pool.open();
  // The answer stays in memory until the client has read it.
  response.once("close", () => budget.release());
  const [path = "/", query = ""] = url.split(/\?(.*)/s, 2);
  const base64 = headers["upstash-encoding"] === "base64";
  return textOf(await answer({ method, path, query, body, base64, budget }, options), budget);
}

function failure(error: unknown, report: (line: string) => void): AnswerText {
  const answered = (status: number, message: string) => ({
    status,
    pieces: [Buffer.from(JSON.stringify({ error: message }))],
  });
  if (error instanceof RequestError) return answered(error.status, error.message);
  if (isHeadgateError(error)) {
    const status = error.code === "STORE_TIMEOUT" ? 504 : 503;
    return answered(status, `ERR ${error.message}`);
  }
  // A client that disconnects while it sends is not an error of the gateway, and it reads no answer.
  if (!isAbort(error)) report(`The gateway failed: ${error instanceof Error ? error.stack : "?"}`);
  return answered(500, "ERR the gateway failed");
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNRESET";
}

function write(response: ServerResponse, { status, pieces }: AnswerText, isOpen: boolean): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": pieces.reduce((sum, { length }) => sum + length, 0),
    "cache-control": "no-store",
    ...(status === 401 && { "www-authenticate": "Bearer" }),
    ...(!isOpen && { connection: "close" }),
  });
  for (const piece of pieces.slice(0, -1)) response.write(piece);
  response.end(pieces.at(-1));
}

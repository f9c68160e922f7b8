import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { HeadgateError } from "#lib/core/errors";
import { readBody } from "./body.ts";
import { RequestError } from "./request-error.ts";
import { answer, type GatewayAnswer, type RouteOptions } from "./routes.ts";

export interface HandlerOptions extends RouteOptions {
  readonly isAuthorized: (authorization: string | undefined) => boolean;
  readonly bodyBytes: number;
  readonly concurrentRequests: number;
  /** Whether the gateway still takes requests; when not, each connection ends with its answer. */
  readonly isOpen: () => boolean;
  /** Hears of an error of the gateway's own. */
  readonly report: (line: string) => void;
}

/** The listener of the HTTP server: the token first, whatever the path and the method. */
export function createHandler(options: HandlerOptions): RequestListener {
  let atWork = 0;

  async function settle(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<GatewayAnswer> {
    if (!options.isAuthorized(request.headers.authorization)) {
      throw new RequestError(
        401,
        "Unauthorized: the Authorization header needs a valid Bearer token",
      );
    }
    if (atWork >= options.concurrentRequests) {
      throw new RequestError(503, `ERR ${atWork} requests are at work already; try again`);
    }
    atWork += 1;
    try {
      return await work(request, response, options);
    } finally {
      atWork -= 1;
    }
  }

  return (request, response) => {
    settle(request, response)
      .catch((error: unknown) => failure(error, options.report))
      .then((answered) => write(response, answered, options.isOpen()))
      .catch(() => response.destroy());
  };
}

async function work(
  request: IncomingMessage,
  response: ServerResponse,
  options: HandlerOptions,
): Promise<GatewayAnswer> {
  const { headers, method = "", url = "/" } = request;
  if (headers["upstash-response-format"] === "resp2") {
    throw new RequestError(400, "ERR the gateway answers JSON only, not RESP2");
  }
  // Only now: nobody without the token is asked to send a body.
  if (headers.expect) response.writeContinue();
  const body = await readBody(request, options.bodyBytes);
  const [path = "/", query = ""] = url.split(/\?(.*)/s, 2);
  const base64 = headers["upstash-encoding"] === "base64";
  return await answer({ method, path, query, body, base64 }, options);
}

function failure(error: unknown, report: (line: string) => void): GatewayAnswer {
  if (error instanceof RequestError) {
    return { status: error.status, body: { error: error.message } };
  }
  if (error instanceof HeadgateError) {
    const status = error.code === "STORE_TIMEOUT" ? 504 : 503;
    return { status, body: { error: `ERR ${error.message}` } };
  }
  // A client that goes away while it sends is no fault of ours, and nobody reads the answer.
  if (!isAbort(error)) report(`The gateway failed: ${error instanceof Error ? error.stack : "?"}`);
  return { status: 500, body: { error: "ERR the gateway failed" } };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNRESET";
}

function write(response: ServerResponse, { status, body }: GatewayAnswer, isOpen: boolean): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": text.length,
    "cache-control": "no-store",
    ...(status === 401 && { "www-authenticate": "Bearer" }),
    ...(!isOpen && { connection: "close" }),
  });
  response.end(text);
}

import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { afterAll } from "vitest";
import { createHttpServer, type HttpSettings } from "#lib/gateway/http-server";
import { scope } from "./scope.ts";

export const HOST = "Host: x\r\n";
export const CLOSE = "Connection: close\r\n";

/** Returns the bytes of a GET request. */
export const get = (target: string, headers = "") =>
  `GET ${target} HTTP/1.1\r\n${HOST}${headers}\r\n`;

/** Timeouts within a test's time. The slow clients of the tests never finish. */
export const SHORT = { headersTimeoutMs: 1_000, requestTimeoutMs: 1_500, checkEveryMs: 50 };

const NAMES = {
  headersTimeoutMs: "HEADERS",
  requestTimeoutMs: "REQUEST",
  stalledTimeoutMs: "STALLED",
  headerBytes: "HEADER_BYTES",
  bodyBytes: "BODY_BYTES",
};

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Reads the body and responds with the number of its bytes. */
export const count: Handler = async (request, response) => {
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on("error", () => {});
  request.once("end", () => response.end(`${bytes} bytes`));
};

/** Returns a function that starts a server. Each server is stopped after the file's last test. */
export function httpServers() {
  const cleanUp = scope(afterAll);
  /** Starts a server. Returns its port, the requests that its handler received, and its log lines. */
  async function serving(settings: Partial<HttpSettings> = {}, handle = count) {
    const seen: string[] = [];
    const lines: string[] = [];
    const server: Server = createHttpServer(
      (request, response) => {
        seen.push(`${request.method} ${request.headers.host} ${request.url}`);
        return handle(request, response);
      },
      { names: NAMES, report: (line) => lines.push(line), ...settings },
    );
    cleanUp(server, async (it) => {
      it.close();
      it.closeAllConnections();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return { port: typeof address === "object" && address ? address.port : 0, seen, lines };
  }
  return { cleanUp, serving };
}

/** Returns the status that another client gets. */
export async function other(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/other`, {
    headers: { connection: "close" },
  });
  await answer.arrayBuffer();
  return answer.status;
}

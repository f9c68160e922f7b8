import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { ExposingResponse } from "#lib/server/exposing-response";
import { listen } from "#lib/server/listening";
import { createHttpServer } from "#lib/gateway/http-server";
import { speak } from "../support/raw-client.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const EXPOSE = "Access-Control-Expose-Headers";

type Answering = (response: ServerResponse, request: IncomingMessage) => unknown;

/** Splits a response's head into the lines of Access-Control-Expose-Headers and the other lines. */
async function headOf(answer: Answering, response: typeof ServerResponse = ExposingResponse) {
  const server = createHttpServer((pending, answered) => answer(answered, pending), { response });
  cleanUp(server, (it) => void it.close());
  const { port } = await listen(server, { host: "127.0.0.1", port: 0 });
  const text = await speak(port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const [status = "", ...lines] = (text.split("\r\n\r\n")[0] ?? "").split("\r\n");
  const isExpose = (line: string) => line.toLowerCase().startsWith(EXPOSE.toLowerCase());
  return {
    status,
    exposed: lines.filter(isExpose).map((line) => line.slice(EXPOSE.length + 2)),
    others: lines.filter((line) => !isExpose(line)),
  };
}

/** Sets the headers that middleware sets before a handler. */
const gate: Answering = (response) => response.setHeader(EXPOSE, "RateLimit, Retry-After");

test.each<[string, Answering, string[]]>([
  ["setHeader", (r) => r.setHeader(EXPOSE, "X-Total-Count").end(), ["X-Total-Count"]],
  ["appendHeader", (r) => r.appendHeader(EXPOSE, "X-Total-Count").end(), ["X-Total-Count"]],
  ["a list", (r) => r.setHeader(EXPOSE, ["X-A", "X-B, X-C"]).end(), ["X-A, X-B, X-C"]],
  ["setHeaders", (r) => r.setHeaders(new Headers({ [EXPOSE]: "X-A" })).end(), ["X-A"]],
  ["writeHead", (r) => r.writeHead(200, { [EXPOSE]: "X-A", "x-own": "1" }).end(), ["X-A"]],
  ["writeHead and a message", (r) => r.writeHead(200, "OK", { [EXPOSE]: "X-A" }).end(), ["X-A"]],
  ["writeHead and a flat list", (r) => r.writeHead(200, [EXPOSE, "X-A", "b", "c"]).end(), ["X-A"]],
  ["a write", (r) => (r.setHeader(EXPOSE, "X-A"), r.write("a"), r.end()), ["X-A"]],
  ["flushHeaders", (r) => (r.setHeader(EXPOSE, "X-A"), r.flushHeaders(), r.end()), ["X-A"]],
  ["another spelling", (r) => r.setHeader(EXPOSE, "x-a, ratelimit, X-A").end(), ["x-a"]],
  ["an asterisk", (r) => r.setHeader(EXPOSE, "*").end(), ["*"]],
  ["blanks and empty names", (r) => r.setHeader(EXPOSE, " , X-A ,,").end(), ["X-A"]],
  ["no header", (r) => r.end(), []],
  ["writeHead without it", (r) => r.writeHead(200, { "x-own": "1" }).end(), []],
])(
  "names that a handler gives by %s are sent beside the gate's, in one header",
  async (...args) => {
    const [, handler, names] = args;
    const { status, exposed } = await headOf((response, request) => {
      gate(response, request);
      handler(response, request);
    });
    expect(status).toBe("HTTP/1.1 200 OK");
    expect(exposed).toEqual([["RateLimit, Retry-After", ...names].join(", ")]);
  },
);

test("the header does not exist until the head is written", async () => {
  const seen: unknown[] = [];
  await headOf((response, request) => {
    gate(response, request);
    seen.push(response.getHeader(EXPOSE), response.hasHeader(EXPOSE), response.getHeaders());
    response.flushHeaders();
    seen.push(response.getHeader(EXPOSE), response.hasHeader(EXPOSE));
    response.end();
  });
  expect(seen).toEqual([undefined, false, {}, "RateLimit, Retry-After", true]);
});

test("removeHeader removes the collected values", async () => {
  const { exposed } = await headOf((response, request) => {
    gate(response, request);
    response.removeHeader(EXPOSE);
    response.setHeader(EXPOSE, "X-A").end();
  });
  expect(exposed).toEqual(["X-A"]);
});

test("a response without the header gets none, and its other headers are as Node writes them", async () => {
  const answer: Answering = (response) => {
    response.setHeader("x-a", ["1", "2"]);
    response.appendHeader("x-a", "3");
    response.removeHeader("x-b");
    response.writeHead(201, "Made", ["x-c", "4", "x-c", "5"]).end();
  };
  const plain = await headOf(answer, (await import("node:http")).ServerResponse);
  const collecting = await headOf(answer);
  const but = ({ status, exposed, others }: typeof plain) => ({
    status,
    exposed,
    others: others.filter((line) => !line.startsWith("Date:")),
  });
  expect(but(collecting)).toEqual(but(plain));
  expect(collecting.exposed).toEqual([]);
});

test("an invalid value and a header after the head are rejected as Node rejects them", async () => {
  const codes: unknown[] = [];
  const codeOf = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      codes.push((error as NodeJS.ErrnoException).code);
    }
  };
  await headOf((response) => {
    codeOf(() => response.setHeader(EXPOSE, "a\r\nb"));
    codeOf(() => response.setHeader(EXPOSE, undefined as unknown as string));
    response.flushHeaders();
    codeOf(() => response.setHeader(EXPOSE, "X-A"));
    codeOf(() => response.writeHead(200, { [EXPOSE]: "X-A" }));
    const closed = once(response, "close");
    response.end();
    return closed;
  });
  expect(codes).toEqual([
    "ERR_INVALID_CHAR",
    "ERR_HTTP_INVALID_HEADER_VALUE",
    "ERR_HTTP_HEADERS_SENT",
    "ERR_HTTP_HEADERS_SENT",
  ]);
});

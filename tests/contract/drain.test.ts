import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { drainable } from "#lib/gateway/drainable";
import { ExposingResponse } from "#lib/server/exposing-response";
import { listen } from "#lib/server/listening";
import { createHttpServer } from "#lib/gateway/http-server";
import { PROPER_END } from "../support/event-streams.ts";
import { rawClient, statusesOf } from "../support/raw-client.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

/** Longer than the test may take, in milliseconds: a wait of this length never ends. */
const LONG = 600_000;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An app's server, and a way to connect to it. */
async function serve(handler: Handler, stalledTimeoutMs = LONG) {
  const server = createHttpServer(handler, {
    headersTimeoutMs: LONG,
    requestTimeoutMs: LONG,
    keepAliveTimeoutMs: LONG,
    stalledTimeoutMs,
    response: ExposingResponse,
  });
  const drain = drainable(server);
  const { port } = await listen(server, { host: "127.0.0.1", port: 0 });
  cleanUp(server, (it) => it.closeAllConnections());
  const open = () => cleanUp(rawClient(port), ({ socket }) => socket.destroy());
  const ask = (path: string) => {
    const client = open();
    client.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return client;
  };
  return { server, drain, open, ask };
}

/** Writes events without end, like an app that does not know that its server stops. */
function streamEvents(response: ServerResponse, everyMs = 10): void {
  const writing = setInterval(() => response.write("data: x\n\n"), everyMs);
  cleanUp(writing, clearInterval);
}

describe("a server that stops", () => {
  test("a server that stops waits for the running request, and for no idle client", async () => {
    let working: ServerResponse | undefined;
    const { server, drain, open, ask } = await serve((_, response) => {
      response.writeHead(200).flushHeaders();
      working = response;
    });

    const accepted = once(server, "connection");
    const silent = open();
    await accepted;
    const busy = ask("/");
    await expect.poll(() => working).toBeDefined();

    const drained = drain(LONG);
    expect(await silent.closed).toBe("");
    working?.end();
    expect(statusesOf(await busy.closed)).toEqual([200]);
    await drained;
  });

  test("a server that stops ends the app's event streams properly, and no other response", async () => {
    let download: ServerResponse | undefined;
    const { drain, ask } = await serve((request, response) => {
      if (request.url === "/download") {
        download = response;
        response.setHeader("content-type", "application/octet-stream");
        response.write("first");
        return;
      }
      if (request.url === "/head") response.writeHead(200, { "Content-Type": "text/event-stream" });
      else response.setHeader("content-type", "text/event-stream; charset=utf-8");
      streamEvents(response);
    });
    const streams = [ask("/head"), ask("/set")];
    const other = ask("/download");
    for (const client of [...streams, other]) {
      await expect.poll(() => client.text()).toMatch(/data: x|first/);
    }

    const began = performance.now();
    const drained = drain(LONG);
    for (const { closed } of streams) expect(await closed).toMatch(PROPER_END);
    expect(performance.now() - began).toBeLessThan(10_000);
    download?.end("last");
    expect(await other.closed).toContain("last");
    await drained;
  });

  test("a server that stops waits until a client has read a complete response", async () => {
    let begun = false;
    const { drain, ask } = await serve((_, response) => {
      begun = response.end("x".repeat(20_000_000)).writableEnded;
    });
    const client = ask("/");
    client.socket.pause();
    await expect.poll(() => begun).toBe(true);
    const drained = drain(LONG);
    client.socket.resume();
    expect((await client.closed).length).toBeGreaterThan(20_000_000);
    await drained;
  });

  test("a server that stops ends an event stream that starts meanwhile", async () => {
    let late: ServerResponse | undefined;
    const { drain, ask } = await serve((_, response) => {
      late = response;
    });
    const stream = ask("/");
    await expect.poll(() => late).toBeDefined();
    const drained = drain(LONG);
    late?.setHeader("content-type", "text/event-stream").write("data: late\n\n");
    expect(await stream.closed).toMatch(PROPER_END);
    await drained;
  });

  test("a server that stops cuts an event stream that is not read to its end within a second", async () => {
    let begun: ServerResponse | undefined;
    const { drain, ask } = await serve((_, response) => {
      response.setHeader("content-type", "text/event-stream");
      response.write("x".repeat(20_000_000));
      streamEvents(response);
      begun = response;
    });
    ask("/").socket.pause();
    await expect.poll(() => begun).toBeDefined();
    const began = performance.now();
    await drain(LONG);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

test("a server cuts a silent stream, and no stream that sends a byte now and then", async () => {
  const stalledMs = 300;
  const { ask } = await serve((request, response) => {
    response.setHeader("content-type", "text/event-stream");
    response.write("data: first\n\n");
    if (request.url === "/events") streamEvents(response, stalledMs / 4);
  }, stalledMs);
  const events = ask("/events");
  expect(await ask("/silent").closed).toContain("data: first");
  expect(await ask("/silent").closed).toContain("data: first");
  await expect.poll(() => events.text().match(/data: x/g)?.length).toBeGreaterThan(12);
  expect(events.socket.destroyed).toBe(false);
});

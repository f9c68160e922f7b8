import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startStore, type TestStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";
import { bundle, WORKER } from "./bundle.ts";
import { describeGuard } from "./suite.ts";
import { bindingsFor } from "./suite/bindings.ts";
import { type RunningWorkerd, startWorkerd } from "./workerd.ts";

/** Before this date, workerd has no `cache` option of fetch, which store calls need. */
const OLDEST_COMPATIBILITY_DATE = "2024-11-11";

const started: RunningWorkerd[] = [];
let code: string;

beforeAll(async () => {
  ({ code } = await bundle("workerd", WORKER));
});

describeGuard("workerd", async (bindings) => {
  const running = await startWorkerd(code, { ...bindings });
  started.push(running);
  return running;
});

describe("workerd", () => {
  test("workerd wrote no warning and no error during the tests of the gate", () => {
    expect(started.length).toBeGreaterThan(1);
    expect(started.map((running) => running.output())).toEqual(started.map(() => ""));
  });
});

describe("in workerd", () => {
  const cleanUp = scope();
  let store: TestStore;

  beforeAll(async () => {
    store = await startStore();
  });
  afterAll(() => store?.stop());

  const start = async (...call: Parameters<typeof startWorkerd>) =>
    cleanUp(await startWorkerd(...call), (it) => it.stop());

  const serve = async (handle: (request: IncomingMessage, response: ServerResponse) => void) => {
    const server = createServer(handle);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanUp(server, (it) => {
      it.closeAllConnections();
      return new Promise((resolve) => it.close(resolve));
    });
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  };

  /** Serves the store, but never answers the first call. `firstCall` resolves when that call has arrived. */
  const storeThatLosesTheFirstCall = async () => {
    let asked = () => {};
    const firstCall = new Promise<void>((resolve) => {
      asked = resolve;
    });
    let calls = 0;
    const url = await serve((request, response) => {
      calls += 1;
      if (calls === 1) asked();
      else void passOn(request, response);
    });
    return { url, firstCall };
  };

  const passOn = async (request: IncomingMessage, response: ServerResponse) => {
    const answer = await fetch(`${store.url}${request.url}`, {
      method: "POST",
      headers: { authorization: request.headers.authorization ?? "" },
      body: await text(request),
    });
    response.writeHead(answer.status).end(await answer.text());
  };

  test("a store call sends no header that it does not need", async () => {
    const headers: string[] = [];
    const url = await serve((request, response) => {
      headers.push(...Object.keys(request.headers));
      void passOn(request, response);
    });
    const running = await start(code, { ...bindingsFor({ url, token: store.token }) });
    expect(await burst(running, 1)).toEqual({ 200: 1 });
    expect(new Set(headers)).toEqual(
      new Set(["authorization", "content-length", "content-type", "cf-worker", "host"]),
    );
  });

  /** Returns how many of concurrent requests got each status. */
  const burst = async (running: RunningWorkerd, count: number) => {
    const headers = { "x-forwarded-for": "203.0.113.7" };
    const answers = await Promise.all(
      Array.from({ length: count }, () =>
        running.send(new Request("http://app.example/burst", { headers })),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    return Object.fromEntries(
      [...new Set(statuses)].map((each) => [each, statuses.filter((it) => it === each).length]),
    );
  };

  /**
   * workerd binds a wait for the network, a timer or a body to the request that began it. A request that waits
   * for work of another one fails, and the work is lost when the client of the other one disconnects.
   */
  describe("requests that share work", () => {
    test("a first request whose client disconnects does not affect other requests", async () => {
      const { url, firstCall } = await storeThatLosesTheFirstCall();
      const running = await start(code, { ...bindingsFor({ url, token: store.token }) });
      const client = new AbortController();
      const first = running.send(
        new Request("http://app.example/burst", { signal: client.signal }),
      );
      await firstCall;
      const others = burst(running, 25);
      client.abort();
      await expect(first).rejects.toThrow("aborted");
      expect(await others).toEqual({ 200: 20, 429: 5 });
      expect(await burst(running, 5)).toEqual({ 429: 5 });
      expect(running.output()).toBe("");
    });

    test("a worker that shares work between requests fails in its responses", async () => {
      const url = await serve((_, response) => response.end("an answer"));
      const sharing = `
      let shared;
      export default {
        async fetch(request, env) {
          shared ??= fetch(env.STORE_URL);
          return new Response(await (await shared).clone().text());
        },
      };`;
      const running = await start(sharing, { STORE_URL: url });
      const send = () => running.send(new Request("http://app.example/"));
      expect((await send()).status).toBe(200);
      const answer = await send();
      expect(answer.status).toBe(500);
      expect(await answer.text()).toContain("Cannot perform I/O on behalf of a different request");
    });

    test("an error that a worker writes is in the output of workerd", async () => {
      const writing = `export default { fetch() { console.error("seen"); return new Response(); } };`;
      const running = await start(writing, {});
      await running.send(new Request("http://app.example/"));
      await expect.poll(() => running.output(), { timeout: 20_000 }).toBe("seen\n");
    });
  });

  test("the gate works with the oldest compatibility date of docs/concepts/runtimes.md", async () => {
    const bindings = { ...bindingsFor(store) };
    const running = await start(code, bindings, OLDEST_COMPATIBILITY_DATE);
    expect(await burst(running, 25)).toEqual({ 200: 20, 429: 5 });
  });
});

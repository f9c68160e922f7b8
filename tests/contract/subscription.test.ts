import { execFile } from "node:child_process";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { openEmbeddedStore } from "#lib/embedded/store";
import { serveStore, startGateway } from "#lib/gateway/server";
import {
  subscribe,
  type SubscriptionEvent,
  type SubscriptionOptions,
} from "#lib/redis/subscription";
import { openEventStream } from "../support/event-streams.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL("../fixtures/subscriptions.ts", import.meta.url));

const token = "a-token-of-the-tests";
const cleanUp = scope();

/** A subscription, and the events that it received. */
function listen(url: string, options: Partial<SubscriptionOptions> = {}) {
  const events: SubscriptionEvent[] = [];
  const { close } = cleanUp(
    subscribe({ url, token, channel: "live", ...options }, (event) => events.push(event)),
    (it) => it.close(),
  );
  return {
    events,
    close,
    kinds: () => events.map(({ kind }) => kind),
    payloads: () => events.flatMap((event) => (event.kind === "message" ? [event.payload] : [])),
    reasons: () => events.flatMap((event) => (event.kind === "closed" ? [event.reason] : [])),
  };
}

/** Publishes through the gateway, and returns the number of receivers. */
async function publish(url: string, text: string, channel = "live"): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const body = JSON.stringify(["PUBLISH", channel, text]);
  const response = await fetch(url, { method: "POST", headers, body });
  const { result } = (await response.json()) as { result?: unknown };
  return result;
}

/** A store that the test implements. */
async function storeOf(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(server, (it) => {
    it.closeAllConnections();
    it.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}` };
}

const serveRedis = async (redisUrl: string, port = 0) =>
  cleanUp(await startGateway({ redisUrl, token, port, limits: { commandTimeoutMs: 500 } }), (it) =>
    it.close(),
  );
const serveEmbedded = async (port = 0) =>
  cleanUp(await serveStore(await openEmbeddedStore(), { token, port }), (it) => it.close());

describe("subscribe", () => {
  test.each([
    [
      "redis-server",
      async () => await serveRedis(cleanUp(await startRedis(), (it) => it.stop()).url),
    ],
    ["the embedded store", () => serveEmbedded()],
  ])("a subscription opens and has every message as it was published, by %s", async (_, start) => {
    const { url } = await start();
    const { events, kinds, payloads } = listen(`${url}/`);
    await expect.poll(kinds).toEqual(["open"]);
    const texts = [
      "text",
      "",
      '{"a":1}',
      "a,b",
      "é😀",
      "a\nb\r\n\rc",
      '"quoted"',
      "x".repeat(500_000),
    ];
    for (const text of texts) await publish(url, text);
    await expect.poll(payloads).toEqual(texts);
    expect(events).toHaveLength(1 + texts.length);
  });

  test.each(["a/b?c", "50%", "é #&+"])("a subscription accepts the channel %j", async (channel) => {
    const { url } = await serveEmbedded();
    const { kinds, payloads } = listen(url, { channel });
    await expect.poll(kinds).toEqual(["open"]);
    await publish(url, "x", channel);
    await expect.poll(payloads).toEqual(["x"]);
  });

  test("a subscription continues after Redis was unavailable", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const { url } = await serveRedis(redis.url);
    const { kinds, payloads, reasons } = listen(url);
    await expect.poll(kinds).toEqual(["open"]);
    await redis.stop();
    await expect.poll(() => reasons().slice(0, 2)).toEqual(["ended", "unavailable"]);
    cleanUp(await startRedis(redis.port), (it) => it.stop());
    await expect.poll(() => kinds().at(-1)).toBe("open");
    // The gateway's connection for commands is a second one, and may return later.
    await expect.poll(() => publish(url, "again")).toBe(1);
    await expect.poll(payloads).toEqual(["again"]);
  });

  test("a subscription continues after the gateway was unavailable", async () => {
    const first = await serveEmbedded();
    const { kinds, payloads, reasons } = listen(first.url);
    await expect.poll(kinds).toEqual(["open"]);
    await first.close();
    await expect.poll(() => reasons().slice(0, 2)).toEqual(["ended", "unavailable"]);
    const second = await serveEmbedded(first.port);
    await expect.poll(() => kinds().at(-1)).toBe("open");
    await publish(second.url, "again");
    await expect.poll(payloads).toEqual(["again"]);
  });

  test("a subscription waits longer after each failure, and is quick again once it was open", async () => {
    const at: number[] = [];
    const { server, url } = await storeOf((_, response) => {
      at.push(performance.now());
      if (at.length !== 4) return void response.writeHead(503).end("{}");
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end("data: subscribe,live,1\n\n");
    });
    const { reasons } = listen(url);
    await expect.poll(() => at.length).toBe(5);
    const pauses = at.slice(1).map((time, n) => time - (at[n] ?? 0));
    for (const [n, longest] of [250, 500, 1_000, 250].entries()) {
      expect(pauses[n]).toBeGreaterThan(longest / 2 - 5);
      expect(pauses[n]).toBeLessThan(longest + 200);
    }
    expect(reasons().slice(0, 4)).toEqual(["unavailable", "unavailable", "unavailable", "ended"]);
    expect(server.listening).toBe(true);
  });

  test("a subscription counts a stream without a byte as lost", async () => {
    let pending = 0;
    const { url } = await storeOf((_, response) => {
      pending += 1;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: subscribe,live,1\n\n");
    });
    const { kinds, reasons } = listen(url, { silentMs: 100 });
    await expect.poll(() => kinds().slice(0, 3)).toEqual(["open", "closed", "open"]);
    expect(reasons()[0]).toBe("silent");
    expect(pending).toBeGreaterThan(1);
  });

  test("a subscription is kept alive by the comments of a silent gateway", async () => {
    const limits = { pingMs: 20 };
    const gateway = await serveStore(await openEmbeddedStore(), { token, limits });
    cleanUp(gateway, (it) => it.close());
    const { kinds, payloads } = listen(gateway.url, { silentMs: 300 });
    const other = listen(gateway.url, { silentMs: 300, channel: "other" });
    await expect.poll(kinds).toEqual(["open"]);
    const path = "/subscribe/live";
    const raw = cleanUp(openEventStream(gateway.port, token, path), (it) => it.socket.destroy());
    await expect.poll(() => raw.text().match(/^: ping$/gm)?.length).toBeGreaterThan(30);
    await publish(gateway.url, "late");
    await expect.poll(payloads).toEqual(["late"]);
    expect([kinds(), other.kinds()]).toEqual([["open", "message"], ["open"]]);
  });

  test.each([
    [401, "unauthorized"],
    [400, "unsupported"],
    [404, "unsupported"],
    [405, "unsupported"],
  ])("a subscription reports the status %i as %s, and waits long", async (status, reason) => {
    const at: number[] = [];
    const { url } = await storeOf((_, response) => {
      at.push(performance.now());
      response.writeHead(status).end(JSON.stringify({ error: "no" }));
    });
    const { events } = listen(url, { refusedMs: 700 });
    await expect.poll(() => at.length).toBe(2);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(690);
    expect(events[0]).toEqual({ kind: "closed", reason });
  });

  test("a subscription reports that a gateway rejects its token, without the token", async () => {
    const { url } = await serveEmbedded();
    const { events } = listen(url, { token: "a-wrong-token-of-tests" });
    await expect.poll(() => events).toEqual([{ kind: "closed", reason: "unauthorized" }]);
    expect(JSON.stringify(events)).not.toContain("a-wrong");
  });

  test("a subscription ends a stream whose message is longer than a mebibyte", async () => {
    const { url } = await storeOf((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: subscribe,live,1\n\ndata: message,live,");
      for (let n = 0; n < 200; n += 1) response.write("x".repeat(10_000));
    });
    const { reasons, payloads } = listen(url);
    await expect.poll(() => reasons()[0]).toBe("ended");
    expect(payloads()).toEqual([]);
  });

  test("a subscription leaves no timer and no socket once it is closed, whatever its state was", async () => {
    const gateway = await serveEmbedded();
    const refusing = await storeOf((_, response) => void response.writeHead(401).end());
    const hung = await storeOf(() => {});
    const urls = [gateway.url, refusing.url, hung.url];
    // Timers of 60 s and an unanswered call would keep the process alive.
    const { stdout } = await run(process.execPath, [PROGRAM, token, ...urls], { timeout: 20_000 });
    expect(stdout.trim().split("\n").toSorted()).toEqual([
      "closed unauthorized",
      "ended by itself",
      "open",
    ]);
    await expect.poll(() => publish(gateway.url, "x")).toBe(0);
  });

  test("a subscription may be closed while it reports an event", async () => {
    const { url } = await serveEmbedded();
    const heard: SubscriptionEvent[] = [];
    await new Promise<void>((resolve) => {
      const own = subscribe({ url, token, channel: "live" }, (event) => {
        heard.push(event);
        own.close();
        resolve();
      });
    });
    await expect.poll(() => publish(url, "x")).toBe(0);
    expect(heard).toEqual([{ kind: "open" }]);
  });
});

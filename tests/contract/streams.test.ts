import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GatewayLimits } from "#lib/gateway/limits";
import { serveStore } from "#lib/gateway/server";
import type { Store } from "#lib/gateway/store/store";
import { PROPER_END } from "../support/event-streams.ts";
import { scope } from "../support/scope.ts";
import { asText, type RunningStore, STORES } from "../support/stores.ts";
import { gatewayStreams, sendCommand, token } from "../support/gateway-streams.ts";

const cleanUp = scope();
const { open, opened, statusOf } = gatewayStreams();

describe.each(STORES)("a stream before $name", (kind) => {
  let running: RunningStore;
  let direct: Store;

  beforeAll(async () => {
    running = await kind.start();
    direct = await running.open();
  });
  afterAll(async () => {
    await direct?.close();
    await running?.stop();
  });

  const look = async (...command: [string, ...string[]]) => asText(await direct.call(command));
  const serve = async (limits: Partial<GatewayLimits> = {}) =>
    cleanUp(await serveStore(await running.open(), { token, limits }), (it) => it.close());

  test("a stream is text/event-stream by POST and by GET, and no cache or proxy stores it", async () => {
    const gateway = await serve();
    for (const method of ["POST", "GET"]) {
      const abort = cleanUp(new AbortController(), (it) => it.abort());
      const { status, headers, body } = await fetch(`${gateway.url}/subscribe/a%2Fb`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        signal: abort.signal,
      });
      const first = await body?.getReader().read();
      expect(new TextDecoder().decode(first?.value)).toBe("data: subscribe,a/b,1\n\n");
      expect([status, Object.fromEntries(headers)]).toMatchObject([
        200,
        {
          "content-type": "text/event-stream",
          "cache-control": "no-store",
          "x-accel-buffering": "no",
        },
      ]);
    }
  });

  test("a stream starts with the answer of Redis, and has each message once", async () => {
    const gateway = await serve();
    const stream = await opened(gateway, "/subscribe/ch");
    const byPattern = await opened(gateway, "/psubscribe/c*");
    expect(await sendCommand(gateway, ["PUBLISH", "ch", "a"])).toEqual({
      status: 200,
      answer: { result: 2 },
    });
    await look("PUBLISH", "ch", "b");
    await expect
      .poll(() => stream.data())
      .toEqual(["subscribe,ch,1", "message,ch,a", "message,ch,b"]);
    await expect
      .poll(() => byPattern.data())
      .toEqual(["psubscribe,c*,1", "pmessage,c*,ch,a", "pmessage,c*,ch,b"]);
    expect(await sendCommand(gateway, ["PUBLISH", "no-listener", "a"])).toMatchObject({
      answer: { result: 0 },
    });
  });

  test("a stream shares one subscription with the other streams of its channel", async () => {
    const gateway = await serve();
    const streams = [
      await opened(gateway, "/subscribe/one"),
      await opened(gateway, "/subscribe/one"),
      await opened(gateway, "/psubscribe/one"),
    ];
    expect(await look("PUBSUB", "NUMSUB", "one")).toEqual(["one", 1]);
    expect(await look("PUBSUB", "NUMPAT")).toBe(1);
    streams[0]?.socket.destroy();
    await look("PUBLISH", "one", "x");
    await expect.poll(() => streams[1]?.data()).toContain("message,one,x");
    streams[1]?.socket.destroy();
    await expect.poll(() => look("PUBSUB", "NUMSUB", "one")).toEqual(["one", 0]);
    expect(await look("PUBSUB", "NUMPAT")).toBe(1);
  });

  test("a stream has a comment now and then, so that no proxy closes it", async () => {
    const stream = await opened(await serve({ pingMs: 20 }), "/subscribe/quiet");
    await expect.poll(() => stream.text().match(/^: ping$/gm)?.length).toBeGreaterThan(3);
    expect(stream.data()).toHaveLength(1);
  });

  test("a stream beyond the maximum gets 503, until another one has ended", async () => {
    const gateway = await serve({ listeners: 2 });
    const [first] = [await opened(gateway, "/subscribe/a"), await opened(gateway, "/subscribe/b")];
    const rejected = open(gateway, "/subscribe/a");
    await expect.poll(() => rejected.status()).toBe(503);
    expect(rejected.text()).toContain("ERR 2 streams are open already; try again");
    first?.socket.destroy();
    await expect.poll(() => statusOf(gateway, "/subscribe/a")).toBe(200);
  });

  test("a stream whose client leaves before the store has confirmed it leaves nothing behind", async () => {
    const store = await running.open();
    let confirm = () => {};
    const confirmed = new Promise<void>((resolve) => {
      confirm = resolve;
    });
    const pending: string[] = [];
    const slow: Store = {
      call: (...call) => store.call(...call),
      pipeline: (...call) => store.pipeline(...call),
      transaction: (...call) => store.transaction(...call),
      close: () => store.close(),
      subscribe: async (subscription, listener) => {
        pending.push(subscription.name);
        const made = await store.subscribe(subscription, listener);
        if (subscription.name === "left") await confirmed;
        return made;
      },
    };
    const gateway = await serveStore(slow, { token, limits: { listeners: 1 } });
    cleanUp(gateway, (it) => it.close());
    const left = open(gateway, "/subscribe/left");
    await expect.poll(() => look("PUBSUB", "NUMSUB", "left")).toEqual(["left", 1]);
    left.socket.destroy();
    // A stream can start only when the gateway has noticed that the client left.
    await expect.poll(() => statusOf(gateway, "/subscribe/next")).toBe(200);
    confirm();
    await expect.poll(() => look("PUBSUB", "NUMSUB", "left")).toEqual(["left", 0]);
    expect(pending).toEqual(["left", "next"]);
  });

  test("a stream does not count as a running request", async () => {
    const gateway = await serve({ concurrentRequests: 1 });
    for (let n = 0; n < 3; n += 1) await opened(gateway, `/subscribe/${n}`);
    expect(await sendCommand(gateway, ["PING"])).toEqual({
      status: 200,
      answer: { result: "PONG" },
    });
  });

  test("a stream whose reader is too slow is cut, and the others continue", async () => {
    const gateway = await serve({ listenerBytes: 50_000 });
    const slow = await opened(gateway, "/subscribe/flood");
    const quick = await opened(gateway, "/subscribe/flood");
    const other = await opened(gateway, "/subscribe/other");
    slow.socket.pause();
    const payload = "x".repeat(100_000);
    let sent = 0;
    const cut = new Promise((resolve) => slow.socket.once("close", resolve));
    // The system buffers some megabytes of a connection that is not read.
    for (; sent < 100; sent += 1) {
      await look("PUBLISH", "flood", payload);
      await expect.poll(() => quick.data().length, { interval: 1 }).toBe(sent + 2);
    }
    slow.socket.resume();
    await cut;
    expect(slow.data().length).toBeLessThan(sent);
    expect(slow.text()).not.toMatch(PROPER_END);
    await look("PUBLISH", "other", "y");
    await expect.poll(() => other.data()).toContain("message,other,y");
    expect(await look("PUBSUB", "NUMSUB", "flood")).toEqual(["flood", 1]);
  });

  test("a stream that opens and closes 200 times leaves nothing behind", async () => {
    const gateway = await serve();
    const sockets = () =>
      process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const paths = Array.from({ length: 200 }, (_, n) =>
      n % 2 === 0 ? `/subscribe/many:${n % 20}` : `/psubscribe/many:${n % 50}*`,
    );
    const streams = await Promise.all(paths.map((path) => opened(gateway, path)));
    expect(sockets()).toBeGreaterThanOrEqual(400);
    expect(await look("PUBSUB", "NUMPAT")).toBe(25);
    expect(await look("PUBSUB", "CHANNELS", "many:*")).toHaveLength(10);
    for (const { socket } of streams) socket.destroy();
    await expect.poll(() => look("PUBSUB", "CHANNELS")).toEqual([]);
    await expect.poll(() => look("PUBSUB", "NUMPAT")).toBe(0);
    // A remaining listener or a remaining client of Redis would count here.
    await expect.poll(sockets).toBeLessThan(10);
  });

  test("a stream ends properly and at once when the gateway closes, whether or not it is read", async () => {
    const gateway = await serve({ drainMs: 60_000 });
    const [read, unread] = [
      await opened(gateway, "/subscribe/end"),
      await opened(gateway, "/subscribe/end"),
    ];
    unread.socket.pause();
    const payload = "x".repeat(900_000);
    for (let n = 0; n < 10; n += 1) {
      await look("PUBLISH", "end", payload);
      await expect.poll(() => read.data().length, { interval: 1 }).toBe(n + 2);
    }
    const began = performance.now();
    await gateway.close();
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await read.closed).toMatch(PROPER_END);
    unread.socket.resume();
    await unread.closed;
    expect(await look("PUBSUB", "NUMSUB", "end")).toEqual(["end", 0]);
  });
});

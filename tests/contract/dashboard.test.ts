import { describe, expect, test } from "vitest";
import type { Snapshot } from "#lib/dashboard/model";
import { createHeadgate } from "#lib/create";
import { fromEnv } from "#lib/env";
import { openEmbeddedStore } from "#lib/embedded/store";
import { connectTcp } from "#lib/gateway/direct";
import { serveStore, startGateway } from "#lib/gateway/server";
import { startBillMeter } from "../support/billed.ts";
import { type CountingGate, countingGate, ownNamespace } from "../support/counters.ts";
import { openDashboard } from "../support/dashboard.ts";
import { liveStore } from "../support/live-store.ts";
import { freePort, startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const live = liveStore();
const cleanUp = scope();

const TOKEN = "a-token-of-the-tests";

/** Returns a rule's counts of the last hour, as a snapshot has them. */
const lastHour = (rule: string) => (snapshot: { readonly rules: readonly RuleLike[] }) =>
  snapshot.rules.find(({ name }) => name === rule)?.lastHour;

interface RuleLike {
  readonly name: string;
  readonly lastHour: { readonly allowed: number; readonly denied: number };
}

async function openStream(counting: Pick<CountingGate, "gate">) {
  return cleanUp(await openDashboard(counting.gate).open(), (it) => it.close());
}

describe("the stream", () => {
  test("the snapshots of two instances add up to exactly the sent requests", async () => {
    const namespace = ownNamespace();
    const [one, two] = [countingGate(live.store, namespace), countingGate(live.store, namespace)];
    const stream = await openStream(one);
    const before = await stream.snapshot();
    expect([before.isCounted, before.store.state]).toEqual([false, "ok"]);
    await Promise.all(
      Array.from({ length: 25 }, (_, i) => [
        one.send(`/api/${i}`, `203.0.113.${i % 5}`),
        two.send(`/api/${i}`, `203.0.113.${i % 5}`),
      ]).flat(),
    );
    const isWhole = (it: Snapshot) => it.store.callsPerSecond !== undefined;
    const snapshot = await stream.snapshot(
      (it) => (lastHour("api")(it)?.denied ?? 0) >= 40 && isWhole(it),
    );
    expect(lastHour("api")(snapshot)).toEqual({
      allowed: 10,
      denied: 40,
      shadowDenied: 0,
      degraded: 0,
    });
    expect(snapshot.denied[0]?.clients.map(({ denied }) => denied).toSorted()).toEqual([
      8, 8, 8, 8, 8,
    ]);
    expect(JSON.stringify(snapshot)).not.toContain("203.0.113");
    expect(snapshot.store.callsPerSecond).toBeGreaterThan(0);
    expect(snapshot.store.p50Ms).toBeGreaterThan(0);
    const minutes = snapshot.minutes.map(({ rules }) => rules["api"]?.denied ?? 0);
    expect(minutes.reduce((sum, denied) => sum + denied, 0)).toBe(40);
  });

  test("a second without an announcement costs no command", async () => {
    const counting = countingGate(live.store, ownNamespace());
    const meter = cleanUp(await startBillMeter(live.store.redis.url), (it) => it.stop());
    const stream = await openStream(counting);
    // The first reading covers a day; the next full reading follows after 5 s.
    await stream.snapshot();
    await stream.snapshot(({ source }) => source === "pub-sub");
    const quiet = await meter.of(() => stream.snapshot());
    expect(quiet).toEqual({});
  });

  test("the page shows an unavailable store with the last numbers, and its recovery", async () => {
    const port = await freePort();
    const first = cleanUp(await startRedis(port), (it) => it.stop());
    const gateway = cleanUp(await startGateway({ redisUrl: first.url, token: TOKEN }), (it) =>
      it.close(),
    );
    const counting = countingGate({ url: gateway.url, token: TOKEN }, ownNamespace());
    await counting.sendAll(2, "/api/x");
    const stream = await openStream(counting);
    const well = await stream.snapshot((it) => lastHour("api")(it)?.allowed === 2);
    // On a busy machine the first calls may be slow, which the page shows too; no call has failed.
    expect(["ok", "slow-calls"]).toContain(well.store.reason ?? well.store.state);
    await first.stop();
    const down = await stream.snapshot(({ store }) => store.state === "down");
    expect(down.store.reason).toMatch(/^STORE_(?:UNREACHABLE|TIMEOUT)$/);
    expect(lastHour("api")(down)?.allowed).toBe(2);
    expect(down.readAt).toBeLessThan(down.sentAt);
    cleanUp(await startRedis(port), (it) => it.stop());
    const again = await stream.snapshot(({ store }) => store.state !== "down");
    expect(again.readAt).toBeGreaterThan(down.readAt ?? Infinity);
  });

  test("held locks are counted, and so are the results of locks and claims", async () => {
    const namespace = ownNamespace();
    const counting = countingGate(live.store, namespace);
    for (const name of ["a", "b"]) await live.direct.set(counting.gate.keys.lock(name), "1");
    counting.gate.emit({ kind: "lock", state: "contended", waitedMs: 5 });
    counting.gate.emit({ kind: "dedup", state: "duplicate" });
    counting.gate.emit({ kind: "idempotency", state: "replayed" });
    counting.gate.emit({ kind: "breaker", state: "open", error: new Error("down") });
    const stream = await openStream(counting);
    const { tools, store } = await stream.snapshot((it) => it.tools.locks.contended > 0);
    expect(tools.locks).toMatchObject({ held: 2, contended: 1, acquired: 0 });
    expect(tools.dedup.duplicate).toBe(1);
    expect(tools.idempotency.replayed).toBe(1);
    expect(store.breakerOpenings).toBe(1);
  });

  test("200 streams that open and close leave no connection behind", async () => {
    const counting = countingGate(live.store, ownNamespace());
    const channel = counting.gate.keys.counters("changed");
    const listeners = async () => (await live.direct.pubsub("NUMSUB", channel))[1];
    const dashboard = openDashboard(counting.gate);
    const streams = await Promise.all(Array.from({ length: 200 }, () => dashboard.open()));
    await Promise.all(streams.map((stream) => stream.snapshot()));
    await expect.poll(listeners).toBe(1);
    // The stream that subscribes ends first; another stream takes over the subscription.
    streams[0]?.close();
    const rest = streams.slice(1);
    await rest[0]?.snapshot(({ source }) => source === "pub-sub");
    for (const stream of rest) stream.close();
    await expect.poll(listeners).toBe(0);
  });

  test("more than 1,000 streams of one process are rejected", async () => {
    const { at } = openDashboard(countingGate(live.store, ownNamespace()).gate);
    const open = () => at("/headgate/live.sse");
    const responses = await Promise.all(Array.from({ length: 1001 }, open));
    expect(responses.filter(({ status }) => status === 503)).toHaveLength(1);
    await Promise.all(responses.map(async ({ body }) => body?.cancel()));
    const after = await open();
    expect(after.status).toBe(200);
    await after.body?.cancel();
  });
});

describe("stores", () => {
  test("the embedded store feeds a dashboard by Pub/Sub", async () => {
    const store = await openEmbeddedStore();
    const gateway = cleanUp(await serveStore(store, { token: TOKEN }), (it) => it.close());
    const counting = countingGate({ url: gateway.url, token: TOKEN }, ownNamespace());
    const stream = await openStream(counting);
    await stream.snapshot(({ source }) => source === "pub-sub");
    await counting.sendAll(3, "/api/x");
    const snapshot = await stream.snapshot((it) => (lastHour("api")(it)?.denied ?? 0) > 0);
    expect(lastHour("api")(snapshot)).toMatchObject({ allowed: 2, denied: 1 });
    expect(snapshot.store.state).not.toBe("down");
  });

  test("a gate over TCP is read at intervals", async () => {
    const namespace = ownNamespace();
    const tcp = cleanUp(connectTcp({ redisUrl: live.store.redis.url }), (it) => it.close());
    const counting = countingGate(live.store, namespace, { connect: () => tcp.requester });
    const stream = await openStream(counting);
    await counting.sendAll(3, "/api/x");
    const snapshot = await stream.snapshot((it) => (lastHour("api")(it)?.denied ?? 0) > 0);
    expect(snapshot.source).toBe("polling");
  });

  test("without a named store the page shows it as down, and no promise rejects", async () => {
    const gate = createHeadgate(
      { rules: { all: { match: "/:path*", limits: { ip: "5 per minute" } } } },
      fromEnv({ HEADGATE_MODE: "off" }),
    );
    const stream = cleanUp(await openDashboard(gate).open(), (it) => it.close());
    const { store, readAt, source } = await stream.snapshot();
    expect(store).toMatchObject({ state: "down", mode: "off" });
    expect([readAt, source]).toEqual([null, "polling"]);
  });
});

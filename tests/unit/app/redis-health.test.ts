import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectTcp } from "headgate/tcp";
import { startFaultProxy } from "../../faults/fault-proxy.ts";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { redisHealthOver } from "../../support/redis-health.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

/** The deadline in milliseconds, long enough for a loaded machine. */
const deadlineMs = 10_000;

async function storeOf() {
  const store = cleanUp(await startStore(), (it) => it.stop());
  const direct = cleanUp(new Direct(store.redis.url), (it) => it.disconnect());
  direct.on("error", () => {});
  return { store, direct };
}

test("a Redis that answers is ok, with round trip, breaker, mode and last minute, and no cache stores it", async () => {
  const { store, direct } = await storeOf();
  const { check } = redisHealthOver(store, { deadlineMs });
  await check();
  const answer = await check();
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const body = (await answer.json()) as { readonly lastMinute: { readonly p95Ms: number } };
  // A loaded machine may be slow: the expected status then follows from p95.
  const isSlow = body.lastMinute.p95Ms > 50;
  expect(body).toStrictEqual({
    status: isSlow ? "degraded" : "ok",
    reasons: isSlow ? ["slow-calls"] : [],
    mode: "enforce",
    breaker: "closed",
    roundTripMs: expect.any(Number),
    lastMinute: {
      calls: 2,
      failed: 0,
      notSent: 0,
      p50Ms: expect.any(Number),
      p95Ms: expect.any(Number),
    },
  });
  const [key = ""] = await direct.keys("*");
  expect(key).toMatch(/^health:app:health:[\w-]{22}$/);
  expect(await direct.pttl(key)).toBeGreaterThan(0);
});

test("a Redis that answers late is degraded, with status 200", async () => {
  const { store } = await storeOf();
  const proxy = cleanUp(await startFaultProxy(store.url), (it) => it.stop());
  proxy.fault = (call) => {
    setTimeout(() => call.passOn(), 80);
    return true;
  };
  const { check } = redisHealthOver({ ...store, url: proxy.url }, { deadlineMs });
  const answer = await check();
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ status: "degraded", reasons: ["slow-calls"] });
});

test("a Redis that failed within the last minute is degraded, with status 200", async () => {
  const { store } = await storeOf();
  const proxy = cleanUp(await startFaultProxy(store.url), (it) => it.stop());
  const { check } = redisHealthOver({ ...store, url: proxy.url }, { deadlineMs });
  await proxy.shut();
  expect((await check()).status).toBe(503);
  await proxy.open();
  const answer = await check();
  expect(answer.status).toBe(200);
  const body: unknown = await answer.json();
  expect(body).toMatchObject({ status: "degraded", lastMinute: { calls: 2, failed: 1 } });
  expect(body).toHaveProperty("reasons", expect.arrayContaining(["failed-calls"]));
});

test("a Redis that is unavailable is down, with status 503: the answer does not name it, and an event has the reason", async () => {
  const { store } = await storeOf();
  const { check, events } = redisHealthOver(store, { deadlineMs });
  await store.redis.stop();
  const answer = await check();
  expect(answer.status).toBe(503);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const text = await answer.text();
  expect(JSON.parse(text)).toMatchObject({
    status: "down",
    code: expect.stringMatching(/^STORE_/),
    lastMinute: { calls: 1, failed: 1 },
  });
  expect(JSON.parse(text)).not.toHaveProperty("roundTripMs");
  expect(text).not.toContain(new URL(store.url).host);
  expect(text).not.toContain(store.token);
  expect(events.filter(({ kind }) => kind === "failure")).toEqual([
    expect.objectContaining({ during: "app", name: "redis health" }),
  ]);
});

test("any number of checks call the store once a second, and each gets the result", async () => {
  const { store } = await storeOf();
  const { newHealth, events } = redisHealthOver(store, { deadlineMs });
  const health = newHealth();
  await health.check();
  const answers = await Promise.all(Array.from({ length: 100 }, () => health.check()));
  expect(new Set(answers.map(({ roundTripMs }) => roundTripMs)).size).toBe(1);
  expect(events.filter(({ kind }) => kind === "store")).toHaveLength(1);
});

describe("an operator's details", () => {
  const NOT_THERE = "not available";
  let made: TestStore;
  const together = scope(afterAll);
  beforeAll(async () => {
    made = together(await startStore(), (it) => it.stop());
  });

  test("only the role admin gets details: another token is rejected, and a request without one gets none", async () => {
    const { check, checkAsAdmin } = redisHealthOver(made, { deadlineMs });
    expect(await (await check()).json()).not.toHaveProperty("details");
    expect((await checkAsAdmin("artist")).status).toBe(403);
    expect((await check({ authorization: "Bearer nonsense" })).status).toBe(401);
    expect((await checkAsAdmin()).status).toBe(200);
  });

  test("details by TCP have all that Redis reports, without keys, values and clients in the slow log", async () => {
    const direct = cleanUp(new Direct(made.redis.url), (it) => it.disconnect());
    await direct.config("SET", "slowlog-log-slower-than", "0");
    await direct.config("SET", "maxmemory", "100mb");
    await direct.set("secret-key", "secret-value");
    const { checkAsAdmin } = redisHealthOver(made, {
      deadlineMs,
      connect: (about) => {
        const client = connectTcp({ redisUrl: made.redis.url, ...about });
        return cleanUp(client, (it) => it.close()).requester;
      },
    });
    const text = await (await checkAsAdmin()).text();
    const { details } = JSON.parse(text) as { readonly details: Record<string, unknown> };
    expect(details).toStrictEqual({
      memoryUsedBytes: expect.any(Number),
      memoryMaxBytes: 100 * 1024 * 1024,
      memoryUsedShare: expect.any(Number),
      evictionPolicy: "noeviction",
      evictedKeys: 0,
      connectedClients: expect.any(Number),
      keys: expect.any(Number),
      slowLog: expect.any(Array),
    });
    expect(details["memoryUsedShare"]).toBeGreaterThan(0);
    expect(details["keys"]).toBeGreaterThan(0);
    expect(details["slowLog"]).toContainEqual({
      command: "SET",
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      tookMs: expect.any(Number),
    });
    expect(text).not.toMatch(/secret|127\.0\.0\.1/);
  });

  test("details through a gateway that does not permit SLOWLOG have all but the slow log", async () => {
    const { checkAsAdmin, events } = redisHealthOver(made, { deadlineMs });
    const body: unknown = await (await checkAsAdmin()).json();
    expect(body).toMatchObject({
      details: { memoryUsedBytes: expect.any(Number), evictedKeys: 0, slowLog: NOT_THERE },
      lastMinute: { failed: 0 },
    });
    expect(events.filter(({ kind }) => kind === "failure")).toEqual([]);
  });

  test("details of an unavailable Redis are each not available", async () => {
    const { store } = await storeOf();
    await store.redis.stop();
    const { checkAsAdmin } = redisHealthOver(store, { deadlineMs });
    const answer = await checkAsAdmin();
    expect(answer.status).toBe(503);
    const { details } = (await answer.json()) as { readonly details: Record<string, unknown> };
    expect(Object.keys(details)).toHaveLength(8);
    expect(new Set(Object.values(details))).toEqual(new Set([NOT_THERE]));
  });
});

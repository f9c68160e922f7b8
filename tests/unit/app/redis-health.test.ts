import { expect, test } from "vitest";
import { redisHealth } from "#app/_domain/health";
import { createRedis } from "#lib/redis/client";
import { startStore } from "../../support/gateway.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

test("200 with the round trip while Redis answers, 503 that names nothing when it is gone", async () => {
  const store = cleanUp(await startStore(), (it) => it.stop());
  const errors: unknown[] = [];
  const redis = createRedis({ ...store, deadlineMs: 10_000 });
  const ask = () => redisHealth({ redis, onFailure: (error) => errors.push(error) });

  const well = await ask();
  expect(well.status).toBe(200);
  expect(well.headers.get("cache-control")).toBe("no-store");
  expect(await well.json()).toStrictEqual({ status: "ok", roundTripMs: expect.any(Number) });

  await store.redis.stop();
  const ill = await ask();
  expect(ill.status).toBe(503);
  expect(ill.headers.get("content-type")).toBe("application/problem+json");
  const text = await ill.text();
  expect(text).not.toContain(new URL(store.url).host);
  expect(text).not.toContain(store.token);
  expect(errors).toEqual([expect.objectContaining({ code: expect.stringMatching(/^STORE_/) })]);
});

test("503 when Redis is later than the deadline", async () => {
  const errors: unknown[] = [];
  const redis = createRedis({
    url: "http://127.0.0.1:1",
    token: "a-token",
    deadlineMs: 20,
    fetch: (_, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(new DOMException("late", "AbortError")));
      }),
  });
  const late = await redisHealth({ redis, onFailure: (error) => errors.push(error) });
  expect(late.status).toBe(503);
  expect(errors).toEqual([expect.objectContaining({ code: "STORE_TIMEOUT" })]);
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startGateway, type Gateway } from "#lib/gateway/server";
import { createGate } from "#lib/gate";
import { RedisLimits } from "#lib/limit/stores/redis";
import { definePolicy } from "#lib/policy/define";
import { createRedis } from "#lib/redis/client";
import { chargeOf } from "../support/charge.ts";
import { ALGORITHMS } from "../support/limit-walks.ts";
import { gateOptions } from "../support/options.ts";
import { type SteppedRedis, startSteppedRedis } from "../support/stepped-redis.ts";

const HOUR_S = 3600;
const WINDOW_MS = 1000;
const token = "a-token-of-the-tests";

describe("when the clock of a real redis-server steps back by an hour", () => {
  let redis: SteppedRedis;
  let gateway: Gateway;

  beforeAll(async () => {
    redis = await startSteppedRedis();
    gateway = await startGateway({ redisUrl: redis.url, token });
  });
  afterAll(async () => {
    await gateway?.close();
    await redis?.stop();
  });
  beforeEach(() => redis.setClock(0));

  test.each(ALGORITHMS)(
    "after the clock of redis-server steps back, a denied client is allowed after exactly its wait (%s)",
    async (algorithm) => {
      const store = new RedisLimits(createRedis({ url: gateway.url, token, deadlineMs: 10_000 }));
      const charge = chargeOf(algorithm, { algorithm, limit: 3, windowMs: WINDOW_MS });
      const ask = async () => {
        const [charged] = await store.consume([charge]);
        if (!charged) throw new Error("The check must have a result.");
        return { at: charged.at, wait: charged.status.waitMs ?? NaN };
      };
      const first = await ask();
      while ((await ask()).wait === 0);
      redis.setClock(-HOUR_S);

      const reported = await ask();
      expect(reported.at).toBeLessThan(first.at - (HOUR_S - 60) * 1000);
      expect(reported.wait).toBeGreaterThan(0);
      expect(reported.wait).toBeLessThanOrEqual(
        algorithm === "sliding-window" ? 2 * WINDOW_MS : WINDOW_MS,
      );
      let last = reported;
      while (last.wait > 0) {
        expect(last.at).toBeLessThan(reported.at + reported.wait);
        last = await ask();
      }
      expect(last.at).toBeGreaterThanOrEqual(reported.at + reported.wait);
    },
  );

  test("after the clock steps back, a client that another instance denies waits at most a window, by the answer's time", async () => {
    const policy = definePolicy({ rules: { all: { match: "/", limits: { ip: "3 per minute" } } } });
    const store = { url: gateway.url, token };
    const { options } = gateOptions(store);
    const instance = () => {
      const guard = createGate(policy, {
        ...options,
        redis: createRedis({ ...store, deadlineMs: 10_000 }),
        legacyHeaders: true,
      });
      const headers = { "x-forwarded-for": "203.0.113.9" };
      const request = () => new Request("http://app.example/", { headers });
      return () => guard(request(), { waitUntil: () => {} });
    };
    const ask = instance();
    while ((await ask()).status === 200);
    redis.setClock(-HOUR_S);
    const { status, headers } = await instance()();
    expect(status).toBe(429);
    const retryAfter = Number(headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
    const reset = Number(headers.get("x-ratelimit-reset")) - Date.now() / 1000;
    expect(reset).toBeGreaterThan(0);
    expect(reset).toBeLessThanOrEqual(61);
  });
});

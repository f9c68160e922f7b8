import { afterAll, describe, type ExpectStatic, test } from "vitest";
import { startStore } from "../../support/gateway.ts";
import { startRedis } from "../../support/redis.ts";
import { scope } from "../../support/scope.ts";
import { sign } from "../../support/sign.ts";
import type { Instance } from "../../support/target.ts";
import { limitsOf } from "./limits.ts";
import { newAddress, type World } from "./world.ts";

/** The app's behaviour without a store. The tests run concurrently, each with a separate store and app. */
export function describeFailures(world: World): void {
  const cleanUp = scope(afterAll);
  const own = async (env: Readonly<Record<string, string>> = {}) => {
    const store = cleanUp(await startStore(), (it) => it.stop());
    const app = cleanUp(await world.start(store, env), (it) => it.stop());
    return { store, app };
  };
  const search = (app: Instance) => world.ask("/api/search", {}, app);
  const trigger = async (app: Instance) =>
    world.ask(
      "/api/admin/pipeline/trigger",
      {
        method: "POST",
        headers: {
          authorization: `Bearer ${await sign({ role: "admin" })}`,
          "content-type": "application/json",
        },
        body: '{"kind":"search-cache"}',
      },
      app,
    );

  const failsAsSet = async (app: Instance, expect: ExpectStatic) => {
    const open = await search(app);
    expect(open.status).toBe(200);
    expect(open.headers.has("ratelimit")).toBe(false);
    expect(await open.json()).toHaveProperty("artists");

    const closed = await trigger(app);
    expect(closed.status).toBe(503);
    expect(closed.headers.get("content-type")).toBe("application/problem+json");
    const text = await closed.text();
    expect(text).toContain("http-problem-types#temporary-reduced-capacity");
    expect(text).not.toMatch(/127\.0\.0\.1|redis:|token/i);
  };

  const healthOf = async (app: Instance): Promise<unknown> =>
    (await world.ask("/api/health", {}, app)).json();

  const recovers = async (app: Instance, expect: ExpectStatic) => {
    await expect.poll(async () => limitsOf(await search(app))[1]?.[0]).toBe("search:ip:minute");
    await expect.poll(async () => (await trigger(app)).status).toBe(202);
  };

  describe.concurrent("a Redis that is stopped", () => {
    test("each rule fails as its policy says when Redis stops, the log says so, and limits hold when it returns", async ({
      expect,
    }) => {
      const { store, app } = await own();
      expect((await search(app)).status).toBe(200);
      const authorization = `Bearer ${await sign({ role: "admin" })}`;
      const well = await world.ask("/api/health/redis", { headers: { authorization } }, app);
      expect(well.status).toBe(200);
      expect(await well.json()).toMatchObject({
        status: expect.stringMatching(/^(?:ok|degraded)$/),
        breaker: "closed",
        lastMinute: { failed: 0 },
        details: { memoryUsedBytes: expect.any(Number), keys: expect.any(Number) },
      });

      await store.redis.stop();
      await failsAsSet(app, expect);
      await expect.poll(() => app.output()).toContain('"event":"store-failed"');
      expect(app.output()).not.toContain(store.token);

      // The route calls Redis once a second.
      let told = "";
      const redisStatus = async () => {
        const response = await world.ask("/api/health/redis", {}, app);
        told = await response.text();
        return response.status;
      };
      await expect.poll(redisStatus).toBe(503);
      expect(JSON.parse(told)).toMatchObject({ status: "down", mode: "enforce" });
      expect(told).not.toMatch(/127\.0\.0\.1|redis:|token/i);

      // The health of the process stays ok, and names the last error of the store.
      expect((await world.ask("/api/health", {}, app)).status).toBe(200);
      await expect
        .poll(() => healthOf(app))
        .toStrictEqual({
          status: "ok",
          mode: "enforce",
          store: expect.stringMatching(/^STORE_(UNREACHABLE|TIMEOUT)$/),
        });

      cleanUp(await startRedis(store.redis.port), (it) => it.stop());
      await recovers(app, expect);
    });
  });

  describe.concurrent("HEADGATE_MODE", () => {
    test("shadow mode denies no request and sends no limit headers, and health and log show the mode", async ({
      expect,
    }) => {
      const { app } = await own({ HEADGATE_MODE: "shadow" });
      const address = newAddress();
      for (let i = 0; i < 11; i += 1) {
        const answer = await world.ask("/api/search", { address }, app);
        expect([answer.status, answer.headers.has("ratelimit")]).toEqual([200, false]);
      }
      await expect
        .poll(() => healthOf(app))
        .toStrictEqual({ status: "ok", mode: "shadow", store: "ok" });
      await expect.poll(() => app.output()).toMatch(/"event":"denied".*"mode":"shadow"/);
    });
  });

  describe.concurrent("a Redis that does not answer", () => {
    test("each rule fails as its policy says after the deadline, and limits hold when Redis answers again", async ({
      expect,
    }) => {
      const { store, app } = await own({ HEADGATE_STORE_DEADLINE_MS: "300" });
      await expect.poll(async () => limitsOf(await search(app))).toHaveLength(2);
      store.redis.freeze();
      await failsAsSet(app, expect);
      store.redis.thaw();
      await recovers(app, expect);
    });
  });
}

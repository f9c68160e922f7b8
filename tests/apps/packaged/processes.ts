import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectNothingLeft, launch as launchAsTerminal } from "../../support/launched.ts";
import { startRedis } from "../../support/redis.ts";
import { searches, times, type PackedApp, type Variables } from "./package.ts";

/** Tests the packed server with the packed gateway, and when signals end it. */
export function testProcesses(packed: PackedApp): void {
  const { cleanUp, start } = packed;

  test("node server.mjs works with node gateway.mjs of the same package", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const token = "a-token-of-the-tests";
    const env = { REDIS_URL: redis.url, GATEWAY_PORT: "0", GATEWAY_TOKEN: token };
    const gateway = await start(env, "gateway.mjs");
    expect(gateway.output()).not.toContain(token);
    const app = await start({
      UPSTASH_REDIS_REST_URL: gateway.url,
      UPSTASH_REDIS_REST_TOKEN: token,
    });
    const expected = [...times(10, 200), ...times(10, 429)];
    expect(await searches(times(20, 0).map(() => app.url))).toEqual(expected);
    expect(await app.stop()).toBe(0);
    expect(await gateway.stop()).toBe(0);
  });

  describe("the packed server", () => {
    const launched = (env: Variables) =>
      cleanUp(
        launchAsTerminal(process.execPath, [join(packed.folder, "server.mjs")], {
          PORT: "0",
          ...env,
        }),
        (it) => it.remove(),
      );

    test("the packed server leaves no Redis and no temporary folder behind after SIGKILL", async () => {
      const app = launched({ HEADGATE_STORE: "redis" });
      await app.printed(/^ready +http/m);
      const started = app.descendants();
      expect(started.length).toBeGreaterThan(0);
      app.signal("SIGKILL");
      await app.ended;
      await expectNothingLeft(app, started);
    });

    test.each(["SIGINT", "SIGTERM"] as const)(
      "the packed server prints nothing about Redis after %s",
      async (signal) => {
        const redis = cleanUp(await startRedis(), (it) => it.stop());
        const app = launched({ REDIS_URL: redis.url });
        await app.printed(/^ready +http/m);
        const before = app.output();
        app.signalGroup(signal);
        expect(await app.ended).toBe(0);
        expect(app.output()).toBe(before);
      },
    );
  });
}

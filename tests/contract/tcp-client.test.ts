import { Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { connectTcp, type TcpClient } from "#lib/gateway/direct";
import { createLimits } from "#lib/limits";
import { definePolicy } from "#lib/policy/define";
import { createRedis, type Redis } from "#lib/redis/client";
import { defineScript, runScript, runScripts } from "#lib/redis/script";
import { liveStore } from "../support/live-store.ts";
import { gateOptions } from "../support/options.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const live = liveStore();
const cleanUp = scope();

let direct: TcpClient;
let rest: Redis;

beforeAll(() => {
  direct = connectTcp({ redisUrl: live.store.redis.url, deadlineMs: 10_000 });
  rest = createRedis({ ...live.store, deadlineMs: 10_000 });
});
afterAll(() => direct?.close());

describe("a client by TCP", () => {
  test("a client by TCP reads stored values as the REST client does", async () => {
    const value = fc.oneof(
      fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
      fc.constantFrom("12345", "1e3", "true", "null", '{"a":[1,"2"]}', "", " "),
      fc.integer().map(String),
    );
    await fc.assert(
      fc.asyncProperty(
        value,
        fc.array(value, { minLength: 1, maxLength: 3 }),
        async (one, many) => {
          const ask = async (redis: Redis) => [
            await redis.set("d:text", one),
            await redis.get("d:text"),
            await redis.getrange("d:text", 0, 3),
            await redis.rpush("d:list", ...many),
            await redis.lrange("d:list", 0, -1),
            await redis.hset("d:hash", { a: one, b: 2 }),
            await redis.hgetall("d:hash"),
            await redis.get("d:none"),
            await redis.mget("d:text", "d:none"),
            await redis.zadd("d:set", { score: 1.5, member: one }),
            await redis.zrange("d:set", 0, -1, { withScores: true }),
            await redis.eval("return {1, ARGV[1], {ARGV[2], false}}", ["k"], [one, "x"]),
            await redis.pipeline().get("d:text").ping().exec(),
            await redis.multi().set("d:m", one).get("d:m").exec(),
            await redis.del("d:hash", "d:set", "d:list"),
          ];
          expect(await ask(direct.redis)).toEqual(await ask(rest));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a client by TCP fails as the REST client does, without keys and values in its errors", async () => {
    const failures = async (redis: Redis) => {
      await redis.set("d:word", "198.51.100.7");
      const failure = (call: Promise<unknown>) =>
        call.then(
          () => "none",
          (error: Error & { code?: string; reply?: string }) => [
            error.name,
            error.code,
            error.reply,
            /198\.51|d:word/.test(error.message),
          ],
        );
      return [
        await failure(redis.lpush("d:word", "198.51.100.7")),
        await failure(redis.evalsha("0".repeat(40), ["d:word"], [])),
        await failure(redis.eval("return redis.call('NO')", [], [])),
        await redis.pipeline().lpush("d:word", 1).get("d:word").exec({ keepErrors: true }),
      ];
    };
    const byTcp = await failures(direct.redis);
    expect(byTcp).toEqual(await failures(rest));
    expect(byTcp[0]).toEqual(["StoreError", "STORE_REJECTED", "WRONGTYPE", false]);
    expect(byTcp[1]).toEqual(["StoreError", "STORE_REJECTED", "NOSCRIPT", false]);
  });

  test("a client by TCP runs scripts, singly and in batches, also after Redis lost them", async () => {
    const script = defineScript("return {KEYS[1], 'x' .. ARGV[1]}");
    await live.direct.script("FLUSH");
    expect(await runScript(direct.redis, script, ["k"], [7])).toEqual(["k", "x7"]);
    await live.direct.script("FLUSH");
    const calls = ["a", "b"].map((key) => ({ keys: [key], args: [1] }));
    expect(await runScripts(direct.redis, script, calls)).toEqual([
      ["a", "x1"],
      ["b", "x1"],
    ]);
  });

  test("a client by TCP sends the commands of one turn in one piece, and a single command by itself", async () => {
    await direct.redis.ping();
    const one = vi.spyOn(Socket.prototype, "_write");
    const several = vi.spyOn(Socket.prototype, "_writev" as "_write");
    cleanUp([one, several], (spies) => spies.forEach((spy) => spy.mockRestore()));
    const ask = (key: string) => direct.requester.request({ body: ["GET", key] });
    await Promise.all(["d:1", "d:2", "d:3", "d:4"].map(ask));
    expect([several, one].map((spy) => spy.mock.calls.length)).toEqual([1, 0]);
    await ask("d:5");
    expect([several, one].map((spy) => spy.mock.calls.length)).toEqual([1, 1]);
  });

  test("clients by TCP and by REST count together", async () => {
    const policy = definePolicy({ rules: { search: { limits: { ip: "5 per hour" } } } });
    const { options } = gateOptions(live.store);
    const byRest = createLimits(policy, options);
    const byTcp = createLimits(policy, { ...options, redis: direct.redis });
    const client = { ip: "203.0.113.9" };
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => (i % 2 ? byRest : byTcp).limit("search", client)),
    );
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(5);
  });
});

describe("a client by TCP whose Redis", () => {
  test("a client by TCP fails with the code of an unavailable Redis, stops calling it, and recovers", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const changes: string[] = [];
    const { redis: client } = cleanUp(
      connectTcp({
        redisUrl: redis.url,
        deadlineMs: 2000,
        onBreakerChange: ({ state }) => changes.push(state),
      }),
      (it) => it.close(),
    );
    expect(await client.ping()).toBe("PONG");
    await redis.stop();
    const codes: unknown[] = [];
    for (let i = 0; i < 7; i += 1) {
      codes.push(await client.ping().catch((error: { code?: string }) => error.code));
    }
    expect(codes.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => "STORE_UNREACHABLE"));
    expect(codes.slice(5)).toEqual(["STORE_NOT_TRIED", "STORE_NOT_TRIED"]);
    cleanUp(await startRedis(redis.port), (it) => it.stop());
    await expect.poll(() => client.ping().catch(() => "")).toBe("PONG");
    expect(changes).toEqual(["open", "closed"]);
  });

  test("a client by TCP fails at the deadline when Redis does not answer", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const { redis: client } = cleanUp(connectTcp({ redisUrl: redis.url, deadlineMs: 300 }), (it) =>
      it.close(),
    );
    expect(await client.ping()).toBe("PONG");
    redis.freeze();
    await expect(client.ping()).rejects.toMatchObject({ code: "STORE_TIMEOUT" });
    redis.thaw();
    await expect.poll(() => client.ping().catch(() => "")).toBe("PONG");
  });

  test("a client by TCP fails within the deadline when Redis was never available", async () => {
    const { redis: client } = connectTcp({ redisUrl: "redis://127.0.0.1:1", deadlineMs: 1000 });
    await expect(client.ping()).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
  });
});

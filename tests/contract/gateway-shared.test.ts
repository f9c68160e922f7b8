import { Redis } from "ioredis";
import { beforeAll, describe, expect, test } from "vitest";
import { startGateway } from "#lib/gateway/server";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const token = "a-token-of-the-tests";
const LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";

/** The user of docs/operate/gateway.md. No script leads this user beyond the database and the namespace. */
const USER =
  "on >password ~app:* +@all -@admin -@dangerous +info -move -copy -select -function".split(" ");

let redis: TestRedis;
let other: Redis;

beforeAll(async () => {
  redis = await startRedis();
  other = new Redis(redis.url, { db: 1 });
  await other.call("ACL", "SETUSER", "app", ...USER);
  return async () => {
    other.disconnect();
    await redis.stop();
  };
});

/** Sends one command to a gateway with these options, and returns the answer. */
async function sender(options: { allowShared?: boolean; redisUrl?: string } = {}) {
  await other.flushall();
  const gateway = cleanUp(await startGateway({ redisUrl: redis.url, token, ...options }), (it) =>
    it.close(),
  );
  return async (...command: readonly (string | number)[]) => {
    const init = { method: "POST", headers: { authorization: `Bearer ${token}` } };
    const answer = await fetch(gateway.url, { ...init, body: JSON.stringify(command) });
    return (await answer.json()) as unknown;
  };
}

const rejected = { error: expect.stringContaining("the gateway refuses") as string };

describe("the part of a Redis that other users see", () => {
  test("a gateway without permission does not change the shared part of a Redis", async () => {
    const send = await sender();
    await send("SET", "app:k", "v");
    expect(await send("MOVE", "app:k", 1)).toEqual(rejected);
    expect(await send("COPY", "app:k", "app:c", "DB", 1)).toEqual(rejected);
    expect(await send("FUNCTION", "LOAD", LIBRARY)).toEqual(rejected);
    expect(await send("COPY", "app:k", "app:c")).toEqual({ result: 1 });
    expect(await other.dbsize()).toBe(0);
    expect(await other.call("FUNCTION", "LIST")).toEqual([]);
  });

  test("a gateway with permission changes the shared part of a Redis", async () => {
    const send = await sender({ allowShared: true });
    await send("SET", "app:k", "v");
    expect(await send("COPY", "app:k", "app:c", "DB", 1)).toEqual({ result: 1 });
    expect(await send("MOVE", "app:k", 1)).toEqual({ result: 1 });
    expect(await send("FUNCTION", "LOAD", LIBRARY)).toEqual({ result: "lib" });
    expect(await send("FCALL", "f", 0)).toEqual({ result: 1 });
    expect(await send("FUNCTION", "DELETE", "lib")).toEqual({ result: "OK" });
    expect((await other.keys("*")).toSorted()).toEqual(["app:c", "app:k"]);
  });

  const SCRIPTS = {
    MOVE: "return redis.call('MOVE', KEYS[1], 1)",
    COPY: "return redis.call('COPY', KEYS[1], 'app:c', 'DB', 1)",
    SWAPDB: "return redis.call('SWAPDB', 0, 1)",
    SELECT: "redis.call('SELECT', 1) return redis.call('SET', KEYS[1], 'v')",
  };

  test.each(Object.entries(SCRIPTS))(
    "a script that calls %s changes the shared part, but not by the ACL user of the docs",
    async (_, script) => {
      const open = await sender();
      await open("SET", "app:k", "v");
      expect(await open("EVAL", script, 1, "app:k")).not.toHaveProperty("error");
      expect(await other.dbsize()).toBe(1);

      const closed = await sender({ redisUrl: `redis://app:password@127.0.0.1:${redis.port}` });
      await closed("SET", "app:k", "v");
      const answer = await closed("EVAL", script, 1, "app:k");
      expect(answer).toEqual({
        error: expect.stringMatching(/can't run this command|ACL/) as string,
      });
      expect(await other.dbsize()).toBe(0);
    },
  );

  test("a script that calls FUNCTION changes nothing, because Redis rejects it", async () => {
    const send = await sender();
    const script = "return redis.call('FUNCTION', 'LOAD', ARGV[1])";
    expect(await send("EVAL", script, 0, LIBRARY)).toEqual({
      error: expect.stringContaining("not allowed from script") as string,
    });
  });
});

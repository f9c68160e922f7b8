import { describe, expect, test } from "vitest";
import { createRedis, type Redis } from "#lib/redis/client";
import type { StoreError } from "#lib/redis/errors";
import { failureOf, storesThat } from "../../support/store-that.ts";

const storeThat = storesThat();

describe("a call to the store", () => {
  test("a call without an answer fails with STORE_TIMEOUT at the deadline, and was sent once", async () => {
    const { redis, calls } = await storeThat(() => {});
    const error = await failureOf(redis.set("who", "198.51.100.7"));
    expect(error.code).toBe("STORE_TIMEOUT");
    expect(error.cause).toBeDefined();
    expect(calls).toHaveLength(1);
  });

  test("a call whose answer stalls half way fails at the deadline, too", async () => {
    const { redis } = await storeThat((_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).write('{"res');
    });
    expect((await failureOf(redis.get("key"))).code).toBe("STORE_TIMEOUT");
  });

  test("a call uses the global fetch of its time, with no-store when that is no native fetch", async () => {
    const { redis } = await storeThat((_, response) => void response.end('{"result":"new"}'));
    const caches: (RequestCache | undefined)[] = [];
    const own = globalThis.fetch;
    // Next replaces fetch like this when it loads a route.
    globalThis.fetch = (input, init) => {
      caches.push(init?.cache);
      return own(input, init);
    };
    try {
      expect(await redis.get("key")).toBe("new");
    } finally {
      globalThis.fetch = own;
    }
    expect(caches).toEqual(["no-store"]);
  });

  test("a call to an address without a server fails with STORE_UNREACHABLE", async () => {
    const redis = createRedis({ url: "http://127.0.0.1:1", token: "s3cret-token" });
    expect((await failureOf(redis.get("key"))).code).toBe("STORE_UNREACHABLE");
  });

  test("the error for a wrong token names its variable", async () => {
    const { redis } = await storeThat((_, response) =>
      response.writeHead(401).end('{"error":"WRONGPASS"}'),
    );
    const error = await failureOf(redis.get("key"));
    expect(error.code).toBe("STORE_UNAUTHORIZED");
    expect(error.message).toContain("UPSTASH_REDIS_REST_TOKEN");
  });

  test.each([
    ["not JSON", "<html>"],
    ["not an object", "7"],
    ["no result", "{}"],
  ])("an answer of another form (%s) fails with STORE_BAD_ANSWER", async (_, body) => {
    const { redis } = await storeThat((_request, response) => response.writeHead(200).end(body));
    expect((await failureOf(redis.get("key"))).code).toBe("STORE_BAD_ANSWER");
  });

  test.each([
    [500, "ERR something", "STORE_UNREACHABLE"],
    [502, "ERR something", "STORE_UNREACHABLE"],
    [429, "ERR max requests limit exceeded", "STORE_OVER_QUOTA"],
    [503, "ERR Redis cannot be reached", "STORE_UNREACHABLE"],
    [504, "ERR Redis did not answer", "STORE_TIMEOUT"],
    [400, "CLUSTERDOWN Hash slot not served", "STORE_UNREACHABLE"],
    [400, "TIMEOUT the node did not answer", "STORE_TIMEOUT"],
  ])(
    "an answer of %d with the error %j fails with the code of an unavailable store",
    async (status, error, code) => {
      const { redis } = await storeThat((_, response) =>
        response.writeHead(status).end(JSON.stringify({ error })),
      );
      expect((await failureOf(redis.get("key"))).code).toBe(code);
    },
  );

  test.each([
    [301, "", "STORE_WRONG_ADDRESS"],
    [308, "", "STORE_WRONG_ADDRESS"],
    [402, "", "STORE_SUSPENDED"],
    [403, "<html>", "STORE_UNAUTHORIZED"],
    [403, '{"error":"NOPERM this user has no permissions"}', "STORE_NOT_PERMITTED"],
    [404, "<!doctype html>", "STORE_WRONG_ADDRESS"],
    [404, '{"error":"Not Found"}', "STORE_WRONG_ADDRESS"],
    [405, '{"error":"ERR POST is not allowed on this path"}', "STORE_WRONG_ADDRESS"],
    [408, "", "STORE_TIMEOUT"],
    [413, '{"error":"ERR the body is larger than 1048576 bytes"}', "STORE_REJECTED"],
    [413, "<html>", "STORE_REJECTED"],
    [410, "", "STORE_WRONG_ADDRESS"],
    [429, "<html>", "STORE_OVER_QUOTA"],
    [500, '{"error":"OOM command not allowed"}', "STORE_OUT_OF_MEMORY"],
  ])("an answer of %d with the body %j fails with its code", async (status, body, code) => {
    const { redis, calls } = await storeThat((_, response) => response.writeHead(status).end(body));
    const error = await failureOf(redis.set("key", "value"));
    expect(error.code).toBe(code);
    expect(calls).toHaveLength(1);
  });

  test("an error contains no keys, no values and no token", async () => {
    const { redis } = await storeThat((_, response) =>
      response
        .writeHead(400)
        .end('{"error":"WRONGTYPE of 198.51.100.7 for who, command was: SET who"}'),
    );
    const error = await failureOf(redis.set("who", "198.51.100.7"));
    expect(error).toMatchObject({ code: "STORE_REJECTED", reply: "WRONGTYPE" });
    for (const secret of ["198.51.100.7", "who", "s3cret-token"]) {
      expect(`${error.message} ${error.stack}`).not.toContain(secret);
    }
  });
});

describe("a store that fails repeatedly", () => {
  const failFive = async (redis: Redis) => {
    for (let i = 0; i < 5; i += 1) await failureOf(redis.get("key"));
  };

  test("a store that fails repeatedly gets no call but a probe, which closes the breaker", async () => {
    let isUnavailable = true;
    const changes: string[] = [];
    const { redis, calls } = await storeThat(
      (_, response) =>
        isUnavailable
          ? response.writeHead(503).end()
          : response.writeHead(200).end('{"result":"x"}'),
      ({ state, error }) => changes.push(`${state} ${error.code}`),
    );
    await failFive(redis);
    const error = await failureOf(redis.get("key"));
    expect([error.code, (error.cause as StoreError).code]).toEqual([
      "STORE_NOT_TRIED",
      "STORE_UNREACHABLE",
    ]);
    expect(calls).toHaveLength(5);
    isUnavailable = false;
    await expect.poll(() => redis.get("key").catch(() => undefined)).toBe("x");
    expect(calls).toHaveLength(6);
    expect(changes).toEqual(["open STORE_UNREACHABLE", "closed STORE_UNREACHABLE"]);
    expect(await redis.get("key")).toBe("x");
  });

  test("rejected commands do not open the breaker", async () => {
    const { redis, calls } = await storeThat((_, response) =>
      response.writeHead(400).end('{"error":"WRONGTYPE"}'),
    );
    for (let i = 0; i < 9; i += 1) {
      expect((await failureOf(redis.get("key"))).code).toBe("STORE_REJECTED");
    }
    expect(calls).toHaveLength(9);
  });
});

import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createRedis, type Redis } from "#lib/redis/client";
import { StoreError } from "#lib/redis/errors";
import type { RequesterOptions } from "#lib/redis/requester";
import { defineScript, runScriptWithRetry, runScript, runScripts } from "#lib/redis/script";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A store that answers by the listener, with the bodies of the calls that it received. */
async function storeThat(
  listener: RequestListener,
  onBreakerChange: RequesterOptions["onBreakerChange"] = () => {},
  deadlineMs = 600,
) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      calls.push(body);
      listener(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const redis = createRedis({
    url: `http://127.0.0.1:${port}`,
    token: "s3cret-token",
    deadlineMs,
    onBreakerChange,
  });
  return { redis, calls };
}

async function failureOf(call: Promise<unknown>): Promise<StoreError> {
  const error: unknown = await call.then(
    () => expect.unreachable("the call should have failed"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

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

describe("a script", () => {
  const script = defineScript("return 1");

  test("a script is sent by its SHA-1, and once by its text when Redis does not know it", async () => {
    const { redis, calls } = await storeThat((_, response) => {
      const known = calls.length > 1;
      response
        .writeHead(known ? 200 : 400)
        .end(known ? '{"result":1}' : '{"error":"NOSCRIPT No matching script. Please use EVAL."}');
    });
    expect(await runScript(redis, script, ["k"], [5])).toBe(1);
    expect(calls.map((call) => (JSON.parse(call) as unknown[]).slice(0, 2))).toEqual([
      ["evalsha", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"],
      ["eval", "return 1"],
    ]);
  });

  test("a script that is sent twice has one deadline", async () => {
    const { redis, calls } = await storeThat((_, response) => {
      const isFirst = calls.length === 1;
      const answer = isFirst ? '{"error":"NOSCRIPT No matching script."}' : '{"result":1}';
      // Each call alone would be in time.
      setTimeout(() => response.writeHead(isFirst ? 400 : 200).end(answer), 480);
    });
    expect((await failureOf(runScript(redis, script, ["k"], []))).code).toBe("STORE_TIMEOUT");
    expect(calls).toHaveLength(2);
  });

  test("a script is not sent again after another error", async () => {
    const { redis, calls } = await storeThat((_, response) =>
      response.writeHead(400).end('{"error":"ERR Error running script"}'),
    );
    expect((await failureOf(runScript(redis, script, ["k"], []))).code).toBe("STORE_REJECTED");
    expect(calls).toHaveLength(1);
  });
});

describe("runScriptWithRetry", () => {
  const script = defineScript("return 1");
  const okay = (response: ServerResponse) => response.writeHead(200).end('{"result":1}');
  const lost: readonly (readonly [string, (response: ServerResponse) => void])[] = [
    ["missing", (response) => response.destroy()],
    ["incomplete", (response) => response.writeHead(200).write("{", () => response.destroy())],
    ["502", (response) => response.writeHead(502).end("<html>")],
    ["no JSON", (response) => response.writeHead(200).end('{"resu')],
  ];

  test.each(lost)(
    "runScriptWithRetry retries at most twice when the answer is %s",
    async (_, lose) => {
      // The deadline is long, so that it does not end the retries.
      const patient = (listener: RequestListener) => storeThat(listener, undefined, 10_000);
      const twice = await patient((_request, response) =>
        twice.calls.length <= 2 ? lose(response) : okay(response),
      );
      expect(await runScriptWithRetry(twice.redis, script, ["k"], [])).toBe(1);
      expect(twice.calls).toHaveLength(3);
      const always = await patient((_request, response) => lose(response));
      await failureOf(runScriptWithRetry(always.redis, script, ["k"], []));
      expect(always.calls).toHaveLength(3);
    },
  );

  test.each([
    [401, "STORE_UNAUTHORIZED"],
    [429, "STORE_OVER_QUOTA"],
    [400, "STORE_REJECTED"],
  ])("runScriptWithRetry does not retry after an answer of %i", async (status, code) => {
    const { redis, calls } = await storeThat((_, response) =>
      response.writeHead(status).end('{"error":"ERR no"}'),
    );
    expect((await failureOf(runScriptWithRetry(redis, script, ["k"], []))).code).toBe(code);
    expect(calls).toHaveLength(1);
  });

  test("all calls of runScriptWithRetry share one deadline", async () => {
    const { redis, calls } = await storeThat((_, response) =>
      setTimeout(() => response.writeHead(502).end(), 360),
    );
    expect((await failureOf(runScriptWithRetry(redis, script, ["k"], []))).code).toBe(
      "STORE_TIMEOUT",
    );
    expect(calls).toHaveLength(2);
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

describe("scripts in one pipeline", () => {
  const script = defineScript("return 1");
  const calls = ["a", "b", "c"].map((key) => ({ keys: [key], args: [] }));
  const NOSCRIPT = { error: "NOSCRIPT No matching script. Please use EVAL." };

  test("runScripts returns answers in order, and sends unknown scripts again by their text", async () => {
    const store = await storeThat((_, response) => {
      const first = [{ result: 1 }, NOSCRIPT, { error: "CLUSTERDOWN Hash slot not served" }];
      response.end(JSON.stringify(store.calls.length === 1 ? first : [{ result: 2 }]));
    });
    const [one, two, three] = await runScripts(store.redis, script, calls);
    expect([one, two]).toEqual([1, 2]);
    expect(three).toMatchObject({ code: "STORE_UNREACHABLE", reply: "CLUSTERDOWN" });
    expect(store.calls).toHaveLength(2);
    expect(JSON.parse(store.calls[1] ?? "")).toEqual([["eval", "return 1", 1, "b"]]);
  });

  test("runScripts keeps the answers of scripts that ran when the second call fails", async () => {
    const store = await storeThat((_, response) => {
      if (store.calls.length === 1)
        response.end(JSON.stringify([{ result: 1 }, NOSCRIPT, NOSCRIPT]));
      else response.writeHead(503).end('{"error":"ERR unavailable"}');
    });
    const [one, two, three] = await runScripts(store.redis, script, calls);
    expect(one).toBe(1);
    expect(two).toMatchObject({ code: "STORE_UNREACHABLE" });
    expect(three).toMatchObject({ code: "STORE_UNREACHABLE" });
  });
});

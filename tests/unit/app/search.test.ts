import { createServer, type Server } from "node:http";
import { Redis as Direct } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { CACHE_SECONDS, type SearchParts } from "#app/_domain/artists/search";
import { answerSearch } from "#app/_domain/artists/search-handler";
import { createRedis, type Redis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import { startStore, type TestStore } from "../../support/gateway.ts";

let store: TestStore;
let redis: Redis;
/** A direct connection to Redis, for commands that the gateway does not permit. */
let direct: Direct;
let deferred: (() => Promise<void>)[];
let failures: unknown[];

beforeAll(async () => {
  store = await startStore();
  redis = createRedis({ url: store.url, token: store.token, deadlineMs: 5000 });
  direct = new Direct(store.redis.url);
});

afterAll(async () => {
  direct.disconnect();
  await store.stop();
});

beforeEach(async () => {
  deferred = [];
  failures = [];
  await direct.flushall();
});

function parts(using: SearchParts["redis"] = redis): SearchParts {
  return {
    redis: using,
    keys: keyNames("test"),
    defer: (work) => deferred.push(work),
    onFailure: (error) => failures.push(error),
  };
}

async function runDeferred(): Promise<void> {
  await Promise.all(deferred.splice(0).map((work) => work()));
}

const answer = z.object({
  query: z.string(),
  count: z.number(),
  artists: z.array(z.looseObject({ name: z.string() })),
});

async function ask(request: Request, using = parts()) {
  const response = await answerSearch(request, using);
  const { status, headers } = response;
  const body: unknown = await response.json();
  return { status, cache: headers.get("x-cache"), headers, body };
}

/** Sends a search that must be answered with artists. */
async function search(request: Request, using = parts()) {
  const asked = await ask(request, using);
  expect(asked.status).toBe(200);
  return { ...asked, body: answer.parse(asked.body) };
}

const get = (query: string) => new Request(`http://app.example/api/search${query}`);
const post = (body?: unknown, query = "") =>
  new Request(`http://app.example/api/search${query}`, {
    method: "POST",
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });

describe("the query", () => {
  test.each([
    ["GET without q", () => get(""), ""],
    ["POST without a body", () => post(), ""],
    ["POST with an empty object", () => post({}), ""],
    ["GET with q", () => get("?q=marit"), "marit"],
    ["POST with q in the URL", () => post(undefined, "?q=marit"), "marit"],
    ["POST with q in the body", () => post({ q: "marit" }), "marit"],
    ["POST with the same q in both", () => post({ q: " marit" }, "?q=marit+"), "marit"],
    ["GET with space around q", () => get("?q=%20%20marit%09"), "marit"],
    ["a POST with 100 characters", () => post({ q: "x".repeat(100) }), "x".repeat(100)],
    [
      "a POST with 100 characters and space",
      () => post({ q: ` ${"x".repeat(100)} ` }),
      "x".repeat(100),
    ],
    ["GET with another parameter", () => get("?utm_source=x&q=marit"), "marit"],
    ["GET with invalid UTF-8 in q", () => get("?q=%ff"), "\uFFFD"],
  ])("the search reads the query of %s", async (_, request, query) => {
    const { body, headers } = await search(request());
    expect(body.query).toBe(query);
    expect(body.count).toBe(body.artists.length);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-type")).toBe("application/json");
  });

  test("the search finds artists by q", async () => {
    const { body } = await search(post({ q: "MARIT" }));
    expect(body.artists.map((artist) => artist.name)).toStrictEqual([
      "Marit Nachtvogel",
      "Marit Saltmarche",
    ]);
  });

  const tooBig = "Too big: expected string to have <=100 characters";
  test.each([
    ["101 characters", get(`?q=${"x".repeat(101)}`), [{ parameter: "q", detail: tooBig }]],
    ["101 characters sent", post({ q: "x".repeat(101) }), [{ pointer: "#/q", detail: tooBig }]],
    [
      "two different q",
      get("?q=a&q=b"),
      [{ parameter: "q", detail: "q must be given once; it has several different values." }],
    ],
    [
      "another q in the body",
      post({ q: "a" }, "?q=b"),
      [{ parameter: "q", detail: "q must be given once; it has several different values." }],
    ],
    [
      "an unknown field",
      post({ query: "a" }),
      [{ pointer: "#", detail: 'Unrecognized key: "query"' }],
    ],
  ])("the search rejects %s", async (_, request, errors) => {
    const { status, body, headers } = await ask(request);
    expect(status).toBe(400);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body).toHaveProperty("errors", errors);
    expect(deferred).toHaveLength(0);
  });
});

describe("the cache", () => {
  test("the cache stores a result after the answer, for five minutes, and returns it the next time", async () => {
    const first = await search(post({ q: "marit" }));
    expect(first.cache).toBe("MISS");
    expect(await direct.dbsize()).toBe(0);
    await runDeferred();
    const [key = ""] = await direct.keys("*");
    const seconds = await direct.ttl(key);
    expect(seconds).toBeGreaterThan(CACHE_SECONDS - 10);
    expect(seconds).toBeLessThanOrEqual(CACHE_SECONDS);

    const second = await search(get("?q=marit"));
    expect(second.cache).toBe("HIT");
    expect(second.body).toStrictEqual(first.body);
    expect(deferred).toHaveLength(0);
  });

  test("the cache has one entry for all spellings of a search, and the answer names the sent query", async () => {
    await search(get("?q=Łódź"));
    await runDeferred();
    const { cache, body } = await search(get("?q=lodz"));
    expect({ cache, query: body.query }).toStrictEqual({ cache: "HIT", query: "lodz" });
    expect((await search(get("?q=lod"))).cache).toBe("MISS");
  });

  test("the cache's key contains no word of the search", async () => {
    await search(get("?q=marit"));
    await runDeferred();
    expect((await direct.keys("*")).join()).toMatch(/^test:cache:search:[0-9a-f]{64}$/);
  });

  test.each([
    ["of another shape", [{ id: "artist-001" }]],
    ["that is not a list", "text"],
    ["that is a number", 5],
  ])("the search runs again instead of returning a cached value %s", async (_, value) => {
    await search(get("?q=marit"));
    await runDeferred();
    for (const key of await direct.keys("*")) await redis.set(key, value);
    const { cache, body } = await search(get("?q=marit"));
    expect({ cache, count: body.count }).toStrictEqual({ cache: "MISS", count: 2 });
    await runDeferred();
    expect((await search(get("?q=marit"))).cache).toBe("HIT");
  });

  test("the cache stores an empty result too", async () => {
    await search(get("?q=nobodyhasthisname"));
    await runDeferred();
    const { cache, body } = await search(get("?q=nobodyhasthisname"));
    expect({ cache, artists: body.artists }).toStrictEqual({ cache: "HIT", artists: [] });
  });

  test("the search answers, and reports the failure, when the cache cannot store the result", async () => {
    // A store that is out of memory still answers reads.
    await direct.config("SET", "maxmemory", "1");
    try {
      expect((await search(get(""))).cache).toBe("MISS");
      await runDeferred();
    } finally {
      await direct.config("SET", "maxmemory", "0");
    }
    expect(failures).toMatchObject([{ code: "STORE_OUT_OF_MEMORY", reply: "OOM" }]);
    expect(await direct.dbsize()).toBe(0);
  });
});

describe("a store that does not answer", () => {
  let server: Server;

  beforeEach(async () => {
    server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test("the search waits for an unresponsive store once, until its deadline, and answers", async () => {
    let calls = 0;
    server.on("request", () => (calls += 1));
    const slow = createRedis({ url: addressOf(server), token: "token", deadlineMs: 300 });
    const began = performance.now();
    const { cache, body } = await search(get("?q=marit"), parts(slow));
    expect(performance.now() - began).toBeLessThan(5000);
    expect({ cache, count: body.count }).toStrictEqual({ cache: "MISS", count: 2 });
    expect(failures).toMatchObject([{ code: "STORE_TIMEOUT" }]);
    expect(deferred).toHaveLength(0);
    expect(calls).toBe(1);
  });

  test("the search answers when the store is unavailable", async () => {
    const gone = createRedis({ url: addressOf(server), token: "token" });
    await new Promise((resolve) => server.close(resolve));
    expect((await search(get(""), parts(gone))).cache).toBe("MISS");
    expect(failures).toMatchObject([{ code: "STORE_UNREACHABLE" }]);
  });
});

function addressOf(server: Server): string {
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The server is not listening.");
  return `http://127.0.0.1:${address.port}`;
}

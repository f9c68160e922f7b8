import { Redis as Direct } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { HeadgateOptions } from "#lib/options";
import { createGate } from "#lib/gate";
import { jwtUser } from "#lib/identity/jwt";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { type AnyPolicy, defineIdentities, definePolicy } from "#lib/policy/define";
import { createRedis } from "#lib/redis/client";
import { type RunningApp, startProgram } from "../support/app.ts";
import { keptBytes } from "../support/heap.ts";
import { batchedFetch } from "../support/batched-fetch.ts";
import { gateOptions } from "../support/options.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { AUTH_SECRET, sign } from "../support/sign.ts";
import { makeTools } from "../support/tools.ts";

const MANY = 100_000;
const AT_ONCE = 64;
const STORE_TOKEN = "a-token-of-the-tests";
/** How long a hundred thousand requests may take on a busy machine, in milliseconds. */
const PATIENT = 300_000;

/**
 * How much memory the process may keep for a hundred thousand clients, in bytes. It keeps the names of
 * the last ten thousand (`createKeyedHash`); the names of all, of 100 characters each, would be more.
 */
const BOUND = 10 * 1024 * 1024;

/** The API keys of an app, each with its owner. */
const ISSUED = new Map([
  ["hg_live_1f0c1f35a9b04d1c8f6b", "first"],
  ["hg_live_5d7e0a2b9c3f4e6d8a1b", "second"],
  ["hg_live_c0ffee00c0ffee00c0ff", "third"],
]);

const keyOf = (request: Request) => request.headers.get("x-api-key") ?? undefined;
const userOf = jwtUser({ secrets: [AUTH_SECRET], audience: "headgate" });
const rules = {
  api: { match: "/api/:path*", limits: { "key|user|ip": "10000000 per day" } },
} as const;

/** Accepts a key that was issued. */
const verifying = definePolicy({
  identities: defineIdentities({ key: (it) => ISSUED.get(keyOf(it) ?? ""), user: userOf }),
  rules,
});
/** The mistake that the tests must detect: every key is accepted. */
const believing = definePolicy({
  identities: defineIdentities({ key: keyOf, user: userOf }),
  rules,
});

const ADDRESSES = ["203.0.113.1", "203.0.113.2", "2001:db8:1:1::1", "2001:db8:1:2::1", "192.0.2.7"];

/** Sends a request to the gate of a policy; a denied request fails the test. */
function askerOf(policy: AnyPolicy, options: HeadgateOptions) {
  // The tests' default options keep each event, which must not be measured.
  const gate = createGate(policy, { ...options, onEvent: () => {} });
  return async (headers: Record<string, string>) => {
    const request = new Request("http://app.example/api/any", { headers });
    const { status } = await gate(request, { waitUntil: () => {} });
    if (status !== 200) throw new Error(`A request got the status ${status}.`);
  };
}

async function each(from: number, count: number, does: (i: number) => unknown): Promise<void> {
  let next = from;
  const one = async () => {
    while (next < from + count) await does(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** Returns how much memory the process keeps after doing a thing for each of many, in bytes. */
async function keptOf(does: (i: number) => unknown, count = MANY): Promise<number> {
  const warm = Math.ceil(count / 50);
  await each(0, warm, does);
  const before = await keptBytes();
  await each(warm, count, does);
  return (await keptBytes()) - before;
}

/** Returns a key that was never issued, of more than 100 characters. */
const inventedKey = (i: number) => `hg_live_${String(i).padStart(8, "0")}${"x".repeat(100)}`;

describe("a hundred thousand invented keys", () => {
  let redis: TestRedis;
  let direct: Direct;
  let gateway: RunningApp;
  /** The header and the claims of a valid token, for which any signature may be invented. */
  let unsigned: string;

  beforeAll(async () => {
    unsigned = (await sign()).split(".").slice(0, 2).join(".");
    redis = await startRedis();
    direct = new Direct(redis.url);
    // The store runs in a separate process, so that its memory is not counted.
    gateway = await startProgram(["lib/cli/gateway.ts"], {
      REDIS_URL: redis.url,
      GATEWAY_PORT: "0",
      GATEWAY_TOKEN: STORE_TOKEN,
    });
  });
  afterEach(() => direct.flushall());
  afterAll(async () => {
    await gateway?.stop();
    direct?.disconnect();
    await redis?.stop();
  });

  function asker(policy: AnyPolicy) {
    const store = { url: gateway.url, token: STORE_TOKEN };
    const redis = createRedis({ ...store, deadlineMs: 30_000, fetch: batchedFetch() });
    return askerOf(policy, { ...gateOptions(store).options, redis });
  }

  /** Returns headers with one of the keys, in each place where a request could carry it. */
  function invented(i: number): Record<string, string> {
    const key = inventedKey(i);
    const shown = [
      { authorization: `Bearer ${key}` },
      { authorization: `Bearer ${unsigned}.${key}` },
      { cookie: `session=${key}` },
    ];
    const address = ADDRESSES[i % ADDRESSES.length] ?? "";
    return { "x-forwarded-for": address, "x-api-key": key, ...shown[i % shown.length] };
  }

  test(
    "a hundred thousand invented keys count as the addresses that they come from, in Redis and in the process",
    async () => {
      const ask = asker(verifying);
      expect(await keptOf((i) => ask(invented(i)))).toBeLessThan(BOUND);
      expect(await direct.dbsize()).toBe(ADDRESSES.length);
    },
    PATIENT,
  );

  test("invented keys do not count as issued keys, and each issued key counts separately", async () => {
    const ask = asker(verifying);
    await each(0, 500, (i) => ask(invented(i)));
    for (const key of ISSUED.keys()) {
      for (let i = 0; i < 5; i += 1) await ask({ ...invented(i), "x-api-key": key });
    }
    expect(await direct.dbsize()).toBe(ADDRESSES.length + ISSUED.size);
  });

  test("invented keys would each have a key in Redis if a resolver accepted them", async () => {
    const ask = asker(believing);
    await each(0, 500, (i) => ask(invented(i)));
    expect(await direct.dbsize()).toBe(500);
  });

  test("invented keys would exceed the memory bound if the process kept them", async () => {
    const kept = new Set<string | null>();
    const keep = (i: number) => kept.add(new Headers(invented(i)).get("x-api-key"));
    expect(await keptOf(keep)).toBeGreaterThan(BOUND);
    expect(kept.size).toBeGreaterThan(MANY);
  });
});

describe("a hundred thousand clients that are who they say", () => {
  /** A store that does not exist, because only the process's memory is measured. */
  const answering: typeof fetch = async () => Response.json({ result: [1, 1, 1, 0, 0, 1, 0, 0] });
  const nowhere = { url: "http://store.invalid", token: STORE_TOKEN };

  const policy = definePolicy({
    identities: defineIdentities({ user: (it) => it.headers.get("x-user") ?? undefined }),
    rules: {
      api: { match: "/api/:path*", limits: { user: "1000 per day", ip: "1000 per day" } },
    },
  });
  const addressOf = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;

  test(
    "a hundred thousand verified clients stay below the memory bound",
    async () => {
      const redis = createRedis({ ...nowhere, fetch: answering });
      const ask = askerOf(policy, { ...gateOptions(nowhere).options, redis });
      const kept = await keptOf((i) =>
        ask({ "x-forwarded-for": addressOf(i), "x-user": inventedKey(i) }),
      );
      expect(kept).toBeLessThan(BOUND);
    },
    PATIENT,
  );

  test("a hundred thousand verified clients would exceed the bound if all names were kept", async () => {
    const few = createKeyedHash(AUTH_SECRET);
    const all = createKeyedHash(AUTH_SECRET, 10 * MANY);
    expect(await keptOf((i) => few("user", inventedKey(i)))).toBeLessThan(BOUND);
    expect(await keptOf((i) => all("user", inventedKey(i)))).toBeGreaterThan(BOUND);
    expect(all("user", inventedKey(1))).toBe(few("user", inventedKey(1)));
  });

  test("clients stay below the memory bound when the keys of their events and locks have a megabyte", async () => {
    const { dedup, locks } = makeTools(nowhere, async () => Response.json({ result: [0, ""] }));
    const large = "x".repeat(1024 * 1024);
    const kept = await keptOf(async (i) => {
      await dedup.claim(`${i}${large}`, { window: 60 });
      await locks.acquireLock(`${i}${large}`, 60);
    }, 50);
    expect(kept).toBeLessThan(BOUND);
  });
});

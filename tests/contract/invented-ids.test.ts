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
import { joinedFetch } from "../support/joined-fetch.ts";
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
 * What the process may keep of a hundred thousand clients, in bytes. What it does keep are the names
 * of the last ten thousand (`createKeyedHash`); each of them all, of 100 characters, would be more.
 */
const BOUND = 10 * 1024 * 1024;

/** As an app keeps them: by key, whose it is. */
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

/** A key counts where it was issued. */
const verifying = definePolicy({
  identities: defineIdentities({ key: (it) => ISSUED.get(keyOf(it) ?? ""), user: userOf }),
  rules,
});
/** The mistake that is to be found: whatever is shown counts. */
const believing = definePolicy({
  identities: defineIdentities({ key: keyOf, user: userOf }),
  rules,
});

const ADDRESSES = ["203.0.113.1", "203.0.113.2", "2001:db8:1:1::1", "2001:db8:1:2::1", "192.0.2.7"];

/** Asks the gate of a policy; a request that does not pass fails the test. */
function askerOf(policy: AnyPolicy, options: HeadgateOptions) {
  // The tests' own options keep each event, which is what is not to be measured.
  const gate = createGate(policy, { ...options, onEvent: () => {} });
  return async (headers: Record<string, string>) => {
    const request = new Request("http://app.example/api/any", { headers });
    const { status } = await gate(request, { waitUntil: () => {} });
    if (status !== 200) throw new Error(`A request was answered ${status}.`);
  };
}

async function each(from: number, count: number, does: (i: number) => unknown): Promise<void> {
  let next = from;
  const one = async () => {
    while (next < from + count) await does(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** What the process keeps of doing a thing for each of many, in bytes. */
async function keptOf(does: (i: number) => unknown, count = MANY): Promise<number> {
  const warm = Math.ceil(count / 50);
  await each(0, warm, does);
  const before = await keptBytes();
  await each(warm, count, does);
  return (await keptBytes()) - before;
}

/** A key that nobody issued, of more than 100 characters. */
const inventedKey = (i: number) => `hg_live_${String(i).padStart(8, "0")}${"x".repeat(100)}`;

describe("a hundred thousand invented keys", () => {
  let redis: TestRedis;
  let direct: Direct;
  let gateway: RunningApp;
  /** The head and the claims of a good token, to which any signature may be invented. */
  let unsigned: string;

  beforeAll(async () => {
    unsigned = (await sign()).split(".").slice(0, 2).join(".");
    redis = await startRedis();
    direct = new Direct(redis.url);
    // In a process of its own: what it keeps is not the gate's.
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
    const redis = createRedis({ ...store, deadlineMs: 30_000, fetch: joinedFetch() });
    return askerOf(policy, { ...gateOptions(store).options, redis });
  }

  /** The headers of one of them, in each place where a key could be shown. */
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
    "are the addresses that they come from: to Redis, and to the process",
    async () => {
      const ask = asker(verifying);
      expect(await keptOf((i) => ask(invented(i)))).toBeLessThan(BOUND);
      expect(await direct.dbsize()).toBe(ADDRESSES.length);
    },
    PATIENT,
  );

  test("are not the keys that were issued, each of which counts as its own", async () => {
    const ask = asker(verifying);
    await each(0, 500, (i) => ask(invented(i)));
    for (const key of ISSUED.keys()) {
      for (let i = 0; i < 5; i += 1) await ask({ ...invented(i), "x-api-key": key });
    }
    expect(await direct.dbsize()).toBe(ADDRESSES.length + ISSUED.size);
  });

  test("would be a key in Redis each, did a resolver believe them", async () => {
    const ask = asker(believing);
    await each(0, 500, (i) => ask(invented(i)));
    expect(await direct.dbsize()).toBe(500);
  });

  test("would be more than the process may keep, did it keep them", async () => {
    const kept = new Set<string | null>();
    const keep = (i: number) => kept.add(new Headers(invented(i)).get("x-api-key"));
    expect(await keptOf(keep)).toBeGreaterThan(BOUND);
    expect(kept.size).toBeGreaterThan(MANY);
  });
});

describe("a hundred thousand clients that are who they say", () => {
  /** A store that is not there: what the process keeps is the question. */
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
    "are no more than the process may keep",
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

  test("would be more, were all of their names kept", async () => {
    const few = createKeyedHash(AUTH_SECRET);
    const all = createKeyedHash(AUTH_SECRET, 10 * MANY);
    expect(await keptOf((i) => few("user", inventedKey(i)))).toBeLessThan(BOUND);
    expect(await keptOf((i) => all("user", inventedKey(i)))).toBeGreaterThan(BOUND);
    expect(all("user", inventedKey(1))).toBe(few("user", inventedKey(1)));
  });

  test("are no more where the keys of their events and locks have a megabyte", async () => {
    const { dedup, locks } = makeTools(nowhere, async () => Response.json({ result: [0, ""] }));
    const large = "x".repeat(1024 * 1024);
    const kept = await keptOf(async (i) => {
      await dedup.claim(`${i}${large}`, { window: 60 });
      await locks.acquireLock(`${i}${large}`, 60);
    }, 50);
    expect(kept).toBeLessThan(BOUND);
  });
});

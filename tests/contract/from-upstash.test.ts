import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Ratelimit } from "@upstash/ratelimit";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { connectRedis } from "#lib/gateway/store/redis-store";
import type { Store } from "#lib/gateway/store/store";
import { createGate } from "#lib/gate";
import { createLimits } from "#lib/limits";
import { scriptStoreOver } from "#lib/redis/script-store";
import { ROOT } from "../support/app.ts";
import { liveStore } from "../support/live-store.ts";
import { gateOptions } from "../support/options.ts";
import { timedRequester } from "../support/timed-redis.ts";
import { policyLoader, translated } from "../support/upstash-app.ts";

const live = liveStore();
const load = policyLoader();
const FOLDER = join(ROOT, ".headgate", `limiters-${process.pid}`);
/** A moment at which windows of 10 seconds start. */
const START = Date.UTC(2026, 0, 1);
const SECOND = 1000;

/** The client that both count. */
const clock = { now: START };
let store: Store;
let apps = 0;

beforeAll(async () => {
  store = await connectRedis({ redisUrl: live.store.redis.url, commandTimeoutMs: 5_000 });
  mkdirSync(FOLDER, { recursive: true });
});
afterAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  await store?.close();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** An app with one limiter: the limiter, and a gate with the rule that headgate init writes for it. */
async function bothOf(limiter: string, options = "ephemeralCache: false") {
  clock.now = START;
  vi.spyOn(Date, "now").mockImplementation(() => clock.now);
  apps += 1;
  const source = `import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
export const limiter = new Ratelimit({
  redis: Redis.fromEnv(),
  limiter: ${limiter},
  prefix: "notes-${apps}",
  ${options}
});
`;
  const middleware = `import { limiter } from "./limits";
export async function middleware(request) {
  if (!request.nextUrl.pathname.startsWith("/api/")) return;
  const { success } = await limiter.limit(request.headers.get("x-forwarded-for") ?? "unknown");
  if (!success) return new Response(null, { status: 429 });
}
`;
  const { policy, rules } = translated({ "limits.ts": source, "middleware.ts": middleware });
  expect(rules).toEqual([`notes-${apps}`]);
  // The comment of the rule says to do this once the old call is deleted.
  const enforced = policy.replace('      mode: "shadow",', '      mode: "enforce",');
  expect(enforced).not.toBe(policy);
  const { options: settings } = gateOptions(live.store);
  const own = {
    ...settings,
    redis: scriptStoreOver(timedRequester(store, clock), 10_000),
    clock: () => clock.now,
  };
  const loaded = await load(enforced);
  return {
    original: await limiterIn(source),
    gate: createGate(loaded, own),
    limits: createLimits(loaded, own),
  };
}

/** Runs the app's module. */
async function limiterIn(source: string): Promise<Ratelimit> {
  vi.stubEnv("UPSTASH_REDIS_REST_URL", live.store.url);
  vi.stubEnv("UPSTASH_REDIS_REST_TOKEN", live.store.token);
  const file = join(FOLDER, `limits-${apps}.ts`);
  writeFileSync(file, source);
  const { limiter } = (await import(pathToFileURL(file).href)) as { readonly limiter: Ratelimit };
  return limiter;
}

/** How many concurrent requests are sent, and when: milliseconds since the first. */
type Series = readonly (readonly [at: number, requests: number])[];

/** Sends a series to both, and returns how many requests each allowed at each moment. */
async function allowed({ original, gate }: Awaited<ReturnType<typeof bothOf>>, series: Series) {
  const counts: { readonly original: number; readonly rule: number }[] = [];
  const address = "203.0.113.9";
  for (const [at, requests] of series) {
    clock.now = START + at;
    const count = { original: 0, rule: 0 };
    for (let i = 0; i < requests; i += 1) {
      count.original += (await original.limit(address)).success ? 1 : 0;
      const request = new Request("http://app.example/api/notes", {
        headers: { "x-forwarded-for": address },
      });
      count.rule += (await gate(request, { waitUntil: () => {} })).status === 429 ? 0 : 1;
    }
    counts.push(count);
  }
  return {
    original: counts.map((count) => count.original),
    rule: counts.map((count) => count.rule),
  };
}

/** Requests at pseudo-random moments, which are the same in each run. */
const SCATTERED: Series = Array.from({ length: 60 }, (_, i) => [
  i * 700 + ((i * 7919) % 600),
  1 + ((i * 31) % 3),
]);

describe("a rule that headgate init writes for a limiter", () => {
  test.each(['Ratelimit.fixedWindow(10, "10 s")', 'Ratelimit.fixedWindow(3, "2 s")'])(
    "the rule of %s allows the same as the limiter",
    async (limiter) => {
      const { original, rule } = await allowed(await bothOf(limiter), SCATTERED);
      expect(rule).toEqual(original);
      expect(new Set(rule).size).toBeGreaterThan(2);
    },
  );

  test("the rule of Ratelimit.cachedFixedWindow allows the same on one instance, despite the limiter's cache", async () => {
    const both = await bothOf('Ratelimit.cachedFixedWindow(10, "10 s")', "");
    const { original, rule } = await allowed(both, SCATTERED);
    expect(rule).toEqual(original);
  });

  test("the rule of Ratelimit.slidingWindow allows the same when the last window's share is a whole number", async () => {
    const both = await bothOf('Ratelimit.slidingWindow(8, "10 s")');
    const series: Series = [
      [0, 12],
      [10 * SECOND, 3],
      [15 * SECOND, 9],
      [25 * SECOND, 9],
      [30 * SECOND, 9],
      [60 * SECOND, 9],
    ];
    const { original, rule } = await allowed(both, series);
    expect(original).toEqual([8, 0, 4, 6, 2, 8]);
    expect(rule).toEqual(original);
  });

  test("the rule of Ratelimit.tokenBucket allows the same at the moments when Upstash adds tokens", async () => {
    const both = await bothOf('Ratelimit.tokenBucket(5, "10 s", 20)');
    const series: Series = [
      [0, 25],
      [10 * SECOND, 7],
      [20 * SECOND, 2],
      [30 * SECOND, 9],
      [50 * SECOND, 12],
    ];
    const { original, rule } = await allowed(both, series);
    expect(original).toEqual([20, 5, 2, 8, 10]);
    expect(rule).toEqual(original);
  });

  test("a handler's call with a rate is replaced by the call in the comment", async () => {
    const both = await bothOf('Ratelimit.fixedWindow(10, "10 s")');
    const outcomes: boolean[][] = [];
    for (let i = 0; i < 6; i += 1) {
      const { success } = await both.original.limit("ada", { rate: 3 });
      const decision = await both.limits.limit(`notes-${apps}`, { ip: "203.0.113.9" }, { cost: 3 });
      outcomes.push([success, decision.allowed]);
    }
    expect(outcomes.map(([original]) => original)).toEqual([true, true, true, false, false, false]);
    expect(outcomes.map(([, rule]) => rule)).toEqual(outcomes.map(([original]) => original));
  });
});

describe("a rule differs from its limiter as the guide says", () => {
  test("a sliding window rounds the last window's share up, and Upstash's rounds it down", async () => {
    const both = await bothOf('Ratelimit.slidingWindow(10, "10 s")');
    const { original, rule } = await allowed(both, [
      [0, 10],
      [15_500, 10],
    ]);
    expect(original).toEqual([10, 6]);
    expect(rule).toEqual([10, 5]);
  });

  test("a limiter's cache denies until the window ends, and a rule denies until capacity returns", async () => {
    const both = await bothOf('Ratelimit.slidingWindow(8, "10 s")', "");
    const { original, rule } = await allowed(both, [
      [5 * SECOND, 8],
      [10 * SECOND, 1],
      [15 * SECOND, 4],
    ]);
    expect(original).toEqual([8, 0, 0]);
    expect(rule).toEqual([8, 0, 4]);
  });

  test("a token bucket fills evenly, and Upstash's at the end of each interval", async () => {
    const both = await bothOf('Ratelimit.tokenBucket(5, "10 s", 5)');
    const { original, rule } = await allowed(both, [
      [0, 5],
      [4 * SECOND, 3],
      [10 * SECOND, 5],
    ]);
    expect(original).toEqual([5, 0, 5]);
    expect(rule).toEqual([5, 2, 3]);
  });
});

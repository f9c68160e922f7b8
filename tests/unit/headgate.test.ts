import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { headgate } from "#lib/headgate";
import { definePolicy } from "#lib/policy/define";
import { startStore, type TestStore } from "../support/gateway.ts";
import { gateOptions } from "../support/options.ts";

const policy = definePolicy({
  rules: { api: { match: "/api/:path*", limits: { ip: "2 per hour" } } },
});

let store: TestStore;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store?.stop());
afterEach(() => vi.unstubAllEnvs());

/** Sends three requests of one client. */
async function statuses(middleware: ReturnType<typeof headgate>): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    const headers = { "x-forwarded-for": "203.0.113.9" };
    const after: Promise<unknown>[] = [];
    const response = await middleware(new Request("http://app.example/api/a", { headers }), {
      waitUntil: (work) => after.push(work),
    });
    await Promise.all(after);
    found.push(response.status);
  }
  return found;
}

describe("headgate(policy)", () => {
  test("headgate(policy) reads the variables at the first request", async () => {
    const middleware = headgate(policy);
    vi.stubEnv("UPSTASH_REDIS_REST_URL", store.url);
    vi.stubEnv("UPSTASH_REDIS_REST_TOKEN", store.token);
    vi.stubEnv("HEADGATE_NAMESPACE", "short-form");
    vi.stubEnv("HEADGATE_STORE_DEADLINE_MS", "10000");
    vi.stubEnv("CLIENT_IP_FROM", "hops:1");
    expect(await statuses(middleware)).toEqual([200, 200, 429]);
  });

  test("headgate with options reads no variable, and calls the app's own middleware for allowed requests", async () => {
    const own = vi.fn<() => Response>(() => new Response(null, { status: 204 }));
    expect(await statuses(headgate(policy, gateOptions(store).options, own))).toEqual([
      204, 204, 429,
    ]);
    expect(own).toHaveBeenCalledTimes(2);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningApp } from "../support/app.ts";
import { buildFixture, startFixture } from "../support/fixture.ts";
import { startStore } from "../support/gateway.ts";

let store: Awaited<ReturnType<typeof startStore>>;
let app: RunningApp;
let clients = 0;

beforeAll(async () => {
  buildFixture("composed");
  store = await startStore();
  app = await startFixture("composed", {
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
  });
});

afterAll(async () => {
  await app?.stop();
  await store?.stop();
});

/** A client whose address nobody had before. */
function newClient(headers: Record<string, string> = {}) {
  clients += 1;
  const address = `198.51.100.${clients}`;
  return (path: string) =>
    fetch(app.url + path, {
      redirect: "manual",
      headers: { "x-forwarded-for": address, ...headers },
    });
}

describe("the gate before an app's own middleware", () => {
  test("keeps its cookies, headers and request headers, and adds the limits'", async () => {
    const answer = await newClient()("/api/echo");
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0])).toEqual([
      "a=1",
      "b=2",
    ]);
    expect(answer.headers.get("x-own")).toBe("kept");
    expect(answer.headers.get("ratelimit")).toBe('"quick";r=1;t=2');
    expect(await answer.json()).toEqual({ echo: true, middleware: "yes" });
  });

  test("keeps its rewrites", async () => {
    const answer = await newClient()("/own/rewrite");
    expect(await answer.json()).toEqual({ echo: true, middleware: null });
    expect(answer.headers.get("ratelimit")).toContain('"own";r=99');
  });

  test("keeps its redirects", async () => {
    const answer = await newClient()("/own/redirect");
    expect(answer.status).toBe(307);
    expect(new URL(answer.headers.get("location") ?? "", app.url).pathname).toBe("/elsewhere");
    expect(answer.headers.get("ratelimit")).toContain('"own";r=99');
  });

  test("keeps its own answers, and goes on where it says nothing", async () => {
    const call = newClient();
    const own = await call("/own/answer");
    expect(own.status).toBe(418);
    expect(await own.json()).toEqual({ own: true });
    expect(await (await call("/own/nothing")).text()).toBe("the handler");
  });

  test("does not call it for a refused request", async () => {
    const call = newClient();
    await call("/api/echo");
    await call("/api/echo");
    const refused = await call("/api/echo");
    expect(refused.status).toBe(429);
    expect(refused.headers.getSetCookie()).toEqual([]);
    expect(refused.headers.has("x-own")).toBe(false);
  });
});

describe("Retry-After", () => {
  test("is long enough: waited for, the same request passes", async () => {
    const call = newClient();
    await call("/api/echo");
    await call("/api/echo");
    const refused = await call("/api/echo");
    const until = performance.now() + Number(refused.headers.get("retry-after")) * 1000;
    expect(refused.headers.get("retry-after")).toMatch(/^[12]$/);
    await expect.poll(() => performance.now(), { timeout: 5000 }).toBeGreaterThanOrEqual(until);
    expect((await call("/api/echo")).status).toBe(200);
  });
});

describe("a refusal", () => {
  test("can be worded by the app, and still has the limits' headers", async () => {
    const call = newClient();
    await call("/worded");
    const refused = await call("/worded");
    expect(await refused.text()).toBe("slow down: over-limit");
    expect(refused.headers.get("retry-after")).toBe("60");
  });

  test("is Headgate's own where the app's wording fails", async () => {
    const call = newClient();
    await call("/broken");
    expect((await call("/broken")).headers.get("content-type")).toBe("application/problem+json");
  });

  test("has the older headers when they are asked for", async () => {
    const answer = await newClient()("/worded");
    expect(answer.headers.get("x-ratelimit-limit")).toBe("1");
    expect(answer.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(Number(answer.headers.get("x-ratelimit-reset")) * 1000).toBeGreaterThan(Date.now());
  });
});

describe("CORS", () => {
  test.each([200, 429])("lets an allowed origin read a %i and its headers", async (status) => {
    const call = newClient({ origin: "https://shop.example" });
    let answer = await call("/api/echo");
    while (answer.status !== status) answer = await call("/api/echo");
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(answer.headers.get("access-control-expose-headers")).toContain(
      "RateLimit, RateLimit-Policy, Retry-After",
    );
    expect(answer.headers.get("vary")).toContain("Origin");
  });

  test("says nothing to another origin", async () => {
    const answer = await newClient({ origin: "https://evil.example" })("/api/echo");
    expect(answer.headers.has("access-control-allow-origin")).toBe(false);
  });
});

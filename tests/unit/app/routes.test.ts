import { describe, expect, test, vi } from "vitest";
import * as counts from "#app/api/analytics/counts/route";
import * as health from "#app/api/health/route";
import * as redisHealth from "#app/api/health/redis/route";
import * as login from "#app/api/login/route";
import * as search from "#app/api/search/route";

const routes = [
  { path: "/api/analytics/counts", route: counts, allow: "GET, HEAD, OPTIONS" },
  { path: "/api/health", route: health, allow: "GET, HEAD, OPTIONS" },
  { path: "/api/health/redis", route: redisHealth, allow: "GET, HEAD, OPTIONS" },
  { path: "/api/login", route: login, allow: "POST, OPTIONS" },
  { path: "/api/search", route: search, allow: "GET, HEAD, POST, OPTIONS" },
];

describe.each(routes)("$path", ({ path, route, allow }) => {
  test.each(["PUT", "PATCH", "DELETE"] as const)(
    "the route answers %s with 405 and names its methods",
    async (method) => {
      const request = new Request(`http://app.example${path}`, { method });
      const response = route[method](request);
      const problem: unknown = await response.json();
      expect(response.headers.get("allow")).toBe(allow);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(problem).toStrictEqual({
        type: "about:blank",
        status: 405,
        title: "Method not allowed",
        detail: `This route does not accept ${method}; it accepts ${allow}.`,
      });
      expect(response.status).toBe(405);
    },
  );

  test("the route answers OPTIONS with its methods", () => {
    const response = route.OPTIONS();
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toBe(allow);
  });
});

test("/api/health answers 200 with the mode and the state of the store, and no cache stores it", async () => {
  vi.stubEnv("UPSTASH_REDIS_REST_URL", "http://127.0.0.1:1");
  vi.stubEnv("UPSTASH_REDIS_REST_TOKEN", "token");
  vi.stubEnv("HEADGATE_MODE", "off");
  const response = await health.GET(new Request("http://app.example/api/health"));
  expect(response.status).toBe(200);
  expect(await response.json()).toStrictEqual({ status: "ok", mode: "off", store: "not-asked" });
  expect(response.headers.get("cache-control")).toBe("no-store");
});

import { describe, expect, test } from "vitest";
import type { ComposedApp } from "./app.ts";

/** Tests the gate before an app's own middleware, and its denials. */
export function testMiddleware(composed: ComposedApp): void {
  const { newClient } = composed;

  describe("the gate before an app's own middleware", () => {
    test("the gate keeps cookies, headers and request headers of the app's middleware, and adds limit headers", async () => {
      const answer = await newClient()("/api/echo");
      expect(answer.status).toBe(200);
      expect(answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0])).toEqual([
        "a=1",
        "b=2",
      ]);
      expect(answer.headers.get("x-own")).toBe("kept");
      expect(answer.headers.get("ratelimit")).toBe('"quick:ip:2 seconds";r=1;t=2');
      expect(await answer.json()).toEqual({ echo: true, middleware: "yes" });
    });

    test("the gate keeps a rewrite of the app's middleware", async () => {
      const answer = await newClient()("/own/rewrite");
      expect(await answer.json()).toEqual({ echo: true, middleware: null });
      expect(answer.headers.get("ratelimit")).toContain('"own:ip:minute";r=99');
    });

    test("the gate keeps a redirect of the app's middleware", async () => {
      const answer = await newClient()("/own/redirect");
      expect(answer.status).toBe(307);
      expect(new URL(answer.headers.get("location") ?? "", composed.url).pathname).toBe(
        "/elsewhere",
      );
      expect(answer.headers.get("ratelimit")).toContain('"own:ip:minute";r=99');
    });

    test("the gate keeps a response of the app's middleware, and continues when there is no response", async () => {
      const call = newClient();
      const own = await call("/own/answer");
      expect(own.status).toBe(418);
      expect(await own.json()).toEqual({ own: true });
      expect(await (await call("/own/nothing")).text()).toBe("the handler");
    });

    test("the gate does not call the app's middleware for a denied request", async () => {
      const call = newClient();
      await call("/api/echo");
      await call("/api/echo");
      const denied = await call("/api/echo");
      expect(denied.status).toBe(429);
      expect(denied.headers.getSetCookie()).toEqual([]);
      expect(denied.headers.has("x-own")).toBe(false);
    });
  });

  describe("Retry-After", () => {
    test("a request that waits for Retry-After is allowed", async () => {
      const call = newClient();
      await call("/api/echo");
      await call("/api/echo");
      const denied = await call("/api/echo");
      const until = performance.now() + Number(denied.headers.get("retry-after")) * 1000;
      expect(denied.headers.get("retry-after")).toMatch(/^[12]$/);
      await expect.poll(() => performance.now(), { timeout: 5000 }).toBeGreaterThanOrEqual(until);
      expect((await call("/api/echo")).status).toBe(200);
    });
  });

  describe("a denial", () => {
    test("a denial with the app's own text keeps the limit headers", async () => {
      const call = newClient();
      await call("/worded");
      const denied = await call("/worded");
      expect(await denied.text()).toBe("slow down: over-limit");
      expect(denied.headers.get("retry-after")).toBe("60");
    });

    test("a denial is Headgate's own response when the app's text fails", async () => {
      const call = newClient();
      await call("/broken");
      expect((await call("/broken")).headers.get("content-type")).toBe("application/problem+json");
    });

    test("a response has X-RateLimit headers when the policy asks for them", async () => {
      const answer = await newClient()("/worded");
      expect(answer.headers.get("x-ratelimit-limit")).toBe("1");
      expect(answer.headers.get("x-ratelimit-remaining")).toBe("0");
      expect(Number(answer.headers.get("x-ratelimit-reset")) * 1000).toBeGreaterThan(Date.now());
    });
  });
}

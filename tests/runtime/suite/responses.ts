import { describe, expect, test } from "vitest";
import { clientOf, isAllowed, limitsOf, type Asked } from "./client.ts";
import type { Guard } from "./guard.ts";

/** Tests the headers of responses, and denials. */
export function testResponses(guard: Guard): void {
  const { startWith } = guard;

  describe("headers", () => {
    test("headers of an allowed request have the state of each limit", async () => {
      const answer = await guard.clientOf()("/api/search");
      expect(isAllowed(answer)).toBe(true);
      expect(await answer.json()).toEqual({ passed: true });
      expect(answer.headers.get("ratelimit-policy")).toBe(
        '"api:ip:minute";q=5;w=60, "search:ip:minute";q=2;w=60, "search:user|ip:hour";q=3;w=3600',
      );
      expect(answer.headers.get("ratelimit")).toBe(
        '"api:ip:minute";r=4;t=60, "search:ip:minute";r=1;t=60, "search:user|ip:hour";r=2;t=3600',
      );
      expect(answer.headers.has("retry-after")).toBe(false);
      expect(answer.headers.has("x-ratelimit-limit")).toBe(false);
    });

    test("Retry-After of a denial is in whole seconds, and not before any reset", async () => {
      const send = guard.clientOf();
      await send("/notes", { method: "POST" });
      const answer = await send("/notes", { method: "POST" });
      const retryAfter = answer.headers.get("retry-after") ?? "";
      expect(retryAfter).toMatch(/^\d+$/);
      expect(Number(retryAfter)).toBeGreaterThan(0);
      expect(Number(retryAfter)).toBeLessThanOrEqual(60);
      expect(limitsOf(answer)).toEqual([
        { policy: "write:ip:minute", r: 0, t: Number(retryAfter) },
      ]);
    });

    test("the older headers and CORS headers are sent when they are configured", async () => {
      const changes = { LEGACY_HEADERS: "1", CORS_ORIGINS: "https://shop.example" };
      const send = clientOf(await startWith(changes));
      const fromShop = { headers: { origin: "https://shop.example" } };
      const answer = await send("/mine", fromShop);
      const denied = await send("/mine", fromShop);
      for (const { headers } of [answer, denied]) {
        expect(headers.get("x-ratelimit-limit")).toBe("1");
        expect(headers.get("x-ratelimit-remaining")).toBe("0");
        expect(headers.get("x-ratelimit-reset")).toMatch(/^\d{10}$/);
        expect(headers.get("access-control-allow-origin")).toBe("https://shop.example");
        expect(headers.get("access-control-expose-headers")).toContain("Retry-After");
      }
      expect(denied.status).toBe(429);
      const elsewhere = await send("/mine", { headers: { origin: "https://other.example" } });
      expect(elsewhere.headers.has("access-control-allow-origin")).toBe(false);
      expect(elsewhere.headers.get("vary")).toMatch(/\bOrigin\b/);
    });
  });

  describe("a denial", () => {
    const denialFor = async (asked: Asked) => {
      const send = guard.clientOf();
      await send("/mine");
      return send("/mine", asked);
    };

    test("a denial is a problem document", async () => {
      const answer = await denialFor({});
      expect(answer.status).toBe(429);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(await answer.json()).toMatchObject({
        type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
        status: 429,
        "violated-policies": ["mine:user:hour"],
      });
    });

    test("a denial is a page for a browser", async () => {
      const answer = await denialFor({ headers: { accept: "text/html,*/*;q=0.8" } });
      expect(answer.status).toBe(429);
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(await answer.text()).toMatch(/Please try again in (?:1 hour|59 minutes)/);
    });

    test("a denial of HEAD has headers without a body", async () => {
      const answer = await denialFor({ method: "HEAD" });
      expect(answer.status).toBe(429);
      expect(answer.headers.get("ratelimit")).toContain('"mine:user:hour";r=0');
      expect(await answer.text()).toBe("");
    });
  });
}

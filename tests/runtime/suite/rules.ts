import { describe, expect, test } from "vitest";
import { isAllowed, limitsOf } from "./client.ts";
import type { Guard } from "./guard.ts";

/** Tests which rules apply, and what they consume. */
export function testRules(guard: Guard): void {
  describe("rules", () => {
    test("rules apply only to matching paths and methods", async () => {
      const send = guard.clientOf();
      expect(limitsOf(await send("/api/other"))).toMatchObject([{ policy: "api:ip:minute", r: 4 }]);
      expect(limitsOf(await send("/api/%73earch"))).toHaveLength(3);
      expect(isAllowed(await send("/notes", { method: "POST" }))).toBe(true);
      expect((await send("/notes", { method: "POST" })).status).toBe(429);
      expect((await send("/notes")).headers.has("ratelimit")).toBe(false);
      expect((await send("/elsewhere")).headers.has("ratelimit")).toBe(false);
    });

    test("a rule does not apply to exempt paths, or when another rule replaces it", async () => {
      const send = guard.clientOf();
      expect(limitsOf(await send("/api/export"))).toMatchObject([
        { policy: "export:ip:hour", r: 0 },
      ]);
      expect(limitsOf(await send("/api/export"))).toMatchObject([
        { policy: "export:ip:hour", r: 0 },
      ]);
      for (let i = 0; i < 6; i += 1) {
        const answer = await send("/api/webhooks/payments");
        expect(isAllowed(answer)).toBe(true);
        expect(answer.headers.has("ratelimit")).toBe(false);
      }
      expect(limitsOf(await send("/api/other"))).toMatchObject([{ policy: "api:ip:minute", r: 4 }]);
    });

    test("a check consumes from all limits, or from no limit", async () => {
      const send = guard.clientOf();
      expect(isAllowed(await send("/api/search"))).toBe(true);
      expect(isAllowed(await send("/api/search"))).toBe(true);
      for (let i = 0; i < 4; i += 1) expect((await send("/api/search")).status).toBe(429);
      expect(limitsOf(await send("/api/other"))).toMatchObject([{ policy: "api:ip:minute", r: 2 }]);
    });
  });
}

import { definePolicy } from "headgate";
import { createTestGate, expectDenied } from "headgate/testing";
import { describe, expect, test, vi } from "vitest";
import { denialOf, deniedResponse, waitInWords } from "#app/_domain/http/denied";

const policy = definePolicy({
  rules: {
    secretive: { limits: { ip: "2 per minute" } },
    closed: { limits: { ip: "2 per minute" }, onStoreFailure: "deny" },
  },
  block: { "198.51.100.7": "an attack" },
});

const fresh = () => createTestGate(policy);
const who = { ip: "203.0.113.5" };

describe("a denied decision", () => {
  test("a denial without capacity is a 429 with the time to wait, and names no limit", async () => {
    const gate = fresh();
    await gate.exhaust("secretive", who);
    await gate.advance("20 seconds");
    const answer = deniedResponse(denialOf(await gate.limits.limit("secretive", who)));
    expectDenied(answer, { retryAfter: 40 });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect([...answer.headers.keys()].filter((name) => name.includes("ratelimit"))).toEqual([]);
    expect(await answer.text()).not.toContain("secretive");
  });

  test("a denial that no wait ends has no time to wait", async () => {
    const answer = deniedResponse(
      denialOf(await fresh().limits.limit("secretive", who, { cost: 3 })),
    );
    expect(answer.status).toBe(429);
    expect(answer.headers.has("retry-after")).toBe(false);
  });

  test("a denial because the store failed is a 503", async () => {
    const gate = fresh();
    gate.storeIs("down");
    const answer = deniedResponse(denialOf(await gate.limits.limit("closed", who)));
    expect(answer.status).toBe(503);
    expect(answer.headers.has("retry-after")).toBe(false);
  });

  test("a denial of a blocked client is a 403 without the reason", async () => {
    const decision = await fresh().limits.limit("secretive", { ip: "198.51.100.7" });
    const answer = deniedResponse(denialOf(decision));
    expect(answer.status).toBe(403);
    expect(answer.headers.has("retry-after")).toBe(false);
    expect(await answer.text()).not.toContain("attack");
  });

  test("a denial of a wrong call is a 500, and is logged", async () => {
    const log = vi.spyOn(console, "warn").mockReturnValue(undefined);
    try {
      const decision = await fresh().limits.limit("secretive", who, { cost: 0 });
      expect(deniedResponse(denialOf(decision)).status).toBe(500);
      await expect.poll(() => log.mock.calls.join()).toContain("LIMIT_BAD_ARGUMENT");
    } finally {
      log.mockRestore();
    }
  });

  test("denialOf throws for an allowed decision", async () => {
    const allowed = await fresh().limits.limit("secretive", who);
    expect(() => denialOf(allowed)).toThrow(TypeError);
  });
});

test.each([
  [1, "1 second"],
  [59, "59 seconds"],
  [60, "1 minute"],
  [61, "2 minutes"],
  [900, "15 minutes"],
  [7140, "119 minutes"],
  [7141, "2 hours"],
])("waitInWords(%d) is %s", (seconds, words) => {
  expect(waitInWords(seconds)).toBe(words);
});

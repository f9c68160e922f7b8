import { describe, expect, test } from "vitest";
import { readLimits, readRetryAfter } from "#app/_page/limit-status";

describe("readLimits", () => {
  test("readLimits joins both headers by name, in the policy's order", () => {
    const headers = new Headers({
      "RateLimit-Policy": '"api";q=600;w=60, "search";q=10;w=60',
      RateLimit: '"search";r=9;t=60, "api";r=599;t=60',
    });
    expect(readLimits(headers)).toStrictEqual([
      { name: "api", quota: 600, remaining: 599 },
      { name: "search", quota: 10, remaining: 9 },
    ]);
  });

  test("readLimits returns no remaining capacity for a limit that a denial does not name", () => {
    const headers = new Headers({
      "RateLimit-Policy": '"api";q=600;w=60, "search";q=10;w=60',
      RateLimit: '"search";r=0;t=12',
    });
    expect(readLimits(headers).map((limit) => limit.remaining)).toStrictEqual([undefined, 0]);
  });

  test.each(["", "not a list;;", "5;q=1", "(1 2);q=1", '"api"', '"api";q="x"'])(
    "readLimits finds no limit in %j",
    (policy) => {
      expect(readLimits(new Headers({ "RateLimit-Policy": policy }))).toStrictEqual([]);
    },
  );
});

describe("readRetryAfter", () => {
  test.each([
    ["0", 0],
    ["17", 17],
    ["-1", undefined],
    ["1.5", undefined],
    ["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
    ["9".repeat(30), undefined],
  ])("readRetryAfter reads %j", (text, seconds) => {
    expect(readRetryAfter(new Headers({ "Retry-After": text }))).toBe(seconds);
  });

  test("readRetryAfter returns undefined without a header", () => {
    expect(readRetryAfter(new Headers())).toBeUndefined();
  });
});

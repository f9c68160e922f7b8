import fc from "fast-check";
import { parseList } from "structured-headers";
import { describe, expect, test } from "vitest";
import type { Decision, LimitStatus } from "#lib/core/decision";
import { writeLimitHeaders } from "#lib/respond/headers";
import { refusal } from "#lib/respond/refusal";

const status: LimitStatus = {
  rule: "search",
  policyName: "search",
  limit: 10,
  windowMs: 60_000,
  remaining: 0,
  waitMs: 41_001,
  resetMs: 41_001,
};
const day: LimitStatus = {
  ...status,
  policyName: "search:ip:1d",
  limit: 200,
  windowMs: 86_400_000,
  remaining: 180,
  waitMs: 0,
  resetMs: 70_000_000,
};
const denied: Decision = {
  allowed: false,
  reason: "over-limit",
  limits: [status, day],
  retryAfterMs: 41_001,
  at: 1_750_000_000_000,
};
const storeFailed: Decision = {
  allowed: false,
  reason: "store-failed",
  limits: [],
  retryAfterMs: undefined,
  at: undefined,
};

function ask(headers: Record<string, string> = {}, method = "GET"): Request {
  return new Request("http://app.example/api/search", { headers, method });
}

describe("a refusal", () => {
  test("is a problem of type quota-exceeded", async () => {
    const answer = refusal(ask(), denied, false);
    expect(answer.status).toBe(429);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("retry-after")).toBe("42");
    expect(await answer.json()).toEqual({
      type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
      title: "Request cannot be satisfied as assigned quota has been exceeded",
      status: 429,
      detail: "Too many requests were made. Please try again in 42 seconds.",
      "violated-policies": ["search"],
    });
  });

  test("names all policies, and of the limits only those that refused", () => {
    const { headers } = refusal(ask(), denied, false);
    expect(headers.get("ratelimit-policy")).toBe(
      '"search";q=10;w=60, "search:ip:1d";q=200;w=86400',
    );
    expect(headers.get("ratelimit")).toBe('"search";r=0;t=42');
  });

  test("of a failed store is a 503 of type temporary-reduced-capacity, without limits", async () => {
    const answer = refusal(ask(), storeFailed, true);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
      status: 503,
    });
    expect([...answer.headers.keys()].filter((name) => /ratelimit|retry/.test(name))).toEqual([]);
  });

  test("of a cost that never fits has no Retry-After", () => {
    const never: Decision = {
      ...denied,
      limits: [{ ...status, waitMs: undefined }],
      retryAfterMs: undefined,
    };
    expect(refusal(ask(), never, false).headers.has("retry-after")).toBe(false);
  });

  test.each([
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"],
    ["text/html", "text/html"],
    ["text/html;q=0.5, application/json", "application/problem+json"],
    ["*/*", "application/problem+json"],
    ["application/json", "application/problem+json"],
    ["text/plain", "application/problem+json"],
    ["", "application/problem+json"],
    [`text/html,${"a/b,".repeat(1000)}`, "application/problem+json"],
  ])("for Accept: %.60s is %s", (accept, type) => {
    const answer = refusal(ask({ accept }), denied, false);
    expect(answer.headers.get("content-type")).toContain(type);
    expect(answer.headers.get("vary")).toBe("Accept");
  });

  test("for a person says how long to wait, in the largest units", async () => {
    const html = ask({ accept: "text/html" });
    const words = async (retryAfterMs: number) =>
      /again in ([^.]+)\./.exec(
        await refusal(html, { ...denied, retryAfterMs }, false).text(),
      )?.[1];
    expect(await words(1)).toBe("1 second");
    expect(await words(60_000)).toBe("1 minute");
    expect(await words(3_599_001)).toBe("1 hour");
    expect(await words(3_660_000)).toBe("1 hour 1 minute");
    expect(await words(90_000_000)).toBe("1 day 1 hour");
  });

  test("to HEAD has the headers and no body", async () => {
    const answer = refusal(ask({}, "HEAD"), denied, false);
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("42");
    expect(await answer.text()).toBe("");
  });
});

describe("the headers", () => {
  test("can be read back by a structured-field parser, whatever the numbers", () => {
    const numbers = fc.record({
      limit: fc.maxSafeNat(),
      remaining: fc.maxSafeNat(),
      windowMs: fc.integer({ min: 1000, max: 2_678_400_000 }),
      resetMs: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 4 }), (made) => {
        const headers = new Headers();
        const limits = made.map((each) => ({ ...status, ...each, waitMs: 0 }));
        writeLimitHeaders(
          headers,
          { ...denied, allowed: true, retryAfterMs: undefined, limits },
          true,
        );
        const items = parseList(headers.get("ratelimit") ?? "");
        expect(items.map(([name]) => name)).toEqual(made.map(() => "search"));
        expect(items.map(([, parameters]) => parameters.get("t") ?? 0)).toEqual(
          made.map(({ resetMs }) => Math.ceil(resetMs / 1000)),
        );
        expect(parseList(headers.get("ratelimit-policy") ?? "")).toHaveLength(made.length);
      }),
    );
  });

  test("have their older names on wish, for the limit with the least room", () => {
    const headers = new Headers();
    writeLimitHeaders(headers, { ...denied, allowed: true }, true);
    expect(headers.get("x-ratelimit-limit")).toBe("10");
    expect(headers.get("x-ratelimit-remaining")).toBe("0");
    expect(headers.get("x-ratelimit-reset")).toBe("1750000042");
  });
});

import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Decision, LimitStatus } from "#lib/core/decision";
import { deniedResponse, denialOf } from "#lib/respond/denied-response";

const status: LimitStatus = {
  rule: "search",
  global: false,
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
  shadows: [],
  retryAfterMs: 41_001,
  at: 1_750_000_000_000,
  counted: "in-store",
};
const storeFailed: Decision = {
  allowed: false,
  reason: "store-failed",
  limits: [],
  shadows: [],
  retryAfterMs: undefined,
  at: undefined,
  counted: "nowhere",
};

function ask(headers: Record<string, string> = {}, method = "GET"): Request {
  return new Request("http://app.example/api/search", { headers, method });
}

describe("deniedResponse", () => {
  test("a denial is a problem of type quota-exceeded", async () => {
    const answer = deniedResponse(ask(), denied, false);
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

  test("a denial names all policies, and only the limits that denied", () => {
    const { headers } = deniedResponse(ask(), denied, false);
    expect(headers.get("ratelimit-policy")).toBe(
      '"search";q=10;w=60, "search:ip:1d";q=200;w=86400',
    );
    expect(headers.get("ratelimit")).toBe('"search";r=0;t=42');
  });

  test("a denial of a failed store is a 503 of type temporary-reduced-capacity, without limits", async () => {
    const answer = deniedResponse(ask(), storeFailed, true);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
      status: 503,
    });
    expect([...answer.headers.keys()].filter((name) => /ratelimit|retry/.test(name))).toEqual([]);
  });

  test("a denial of a cost that never fits has no Retry-After", () => {
    const never: Decision = {
      ...denied,
      limits: [{ ...status, waitMs: undefined }],
      retryAfterMs: undefined,
    };
    expect(deniedResponse(ask(), never, false).headers.has("retry-after")).toBe(false);
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
  ])("a denial for Accept: %.60s has the type %s", (accept, type) => {
    const answer = deniedResponse(ask({ accept }), denied, false);
    expect(answer.headers.get("content-type")).toContain(type);
    expect(answer.headers.get("vary")).toBe("Accept");
  });

  test("a denial as a page says how long to wait, in the largest units", async () => {
    const html = ask({ accept: "text/html" });
    const words = async (retryAfterMs: number) =>
      /again in ([^.]+)\./.exec(
        await deniedResponse(html, { ...denied, retryAfterMs }, false).text(),
      )?.[1];
    expect(await words(1)).toBe("1 second");
    expect(await words(60_000)).toBe("1 minute");
    expect(await words(3_599_001)).toBe("1 hour");
    expect(await words(3_660_000)).toBe("1 hour 1 minute");
    expect(await words(90_000_000)).toBe("1 day 1 hour");
  });

  test("a denial of a Server Action is plain text, the only type that Next shows to people", async () => {
    const action = { "next-action": "7f2a", accept: "text/x-component" };
    const answer = deniedResponse(ask(action, "POST"), denied, false);
    expect(answer.status).toBe(429);
    expect(answer.headers.get("content-type")).toBe("text/plain");
    expect(answer.headers.get("retry-after")).toBe("42");
    expect(await answer.text()).toBe(
      "Too many requests were made. Please try again in 42 seconds.",
    );
    expect(deniedResponse(ask(action), denied, false).headers.get("content-type")).toBe(
      "application/problem+json",
    );
  });

  test("a denial of an invalid call from a handler is a 500 that blames the server", async () => {
    const answer = deniedResponse(ask(), { ...storeFailed, reason: "invalid-call" }, false);
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ status: 500, title: "The server made a mistake" });
    expect(answer.headers.has("retry-after")).toBe(false);
  });

  test("a denial of HEAD has the headers and no body", async () => {
    const answer = deniedResponse(ask({}, "HEAD"), denied, false);
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("42");
    expect(await answer.text()).toBe("");
  });

  test.each([
    ["a problem", {}, "GET"],
    ["a page", { accept: "text/html" }, "GET"],
    ["the text of a Server Action", { "next-action": "7f2a" }, "POST"],
    ["a response to HEAD", {}, "HEAD"],
  ])(
    "a denial as %s is never cached, and each of its headers is written once",
    (_, headers, method) => {
      const set = vi.spyOn(Headers.prototype, "set");
      onTestFinished(() => set.mockRestore());
      const answer = deniedResponse(ask(headers, method), denied, true);
      const names = set.mock.calls.map(([name]) => name.toLowerCase());
      expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
      expect(names.filter((name) => /ratelimit|retry/.test(name))).toHaveLength(6);
      expect(answer.headers.get("cache-control")).toBe("no-store");
    },
  );

  test("denialOf makes a denial without rate-limit headers, and deniedResponse with them", () => {
    const plain = denialOf(ask(), denied);
    const names = [...plain.headers.keys()].filter((name) => /ratelimit|retry/.test(name));
    expect(names).toEqual([]);
    expect(plain.status).toBe(429);
    expect(Object.fromEntries(deniedResponse(ask(), denied, false).headers)).toEqual({
      ...Object.fromEntries(plain.headers),
      "retry-after": "42",
      ratelimit: '"search";r=0;t=42',
      "ratelimit-policy": '"search";q=10;w=60, "search:ip:1d";q=200;w=86400',
    });
  });
});

import fc from "fast-check";
import { parseRateLimit } from "ratelimit-header-parser";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Decision, type LimitStatus, violated } from "#lib/core/decision";
import { AT, decisionOf, headersOf, listOf } from "../../support/limit-headers.ts";
import { type LegacyHeaders, writeLimitHeaders } from "#lib/respond/headers";

const MAX_INTEGER = 999_999_999_999_999;

/** One limit of a decision. A limit that denies resets no later than its capacity returns. */
const status: fc.Arbitrary<LimitStatus> = fc
  .record({
    name: fc.stringMatching(/^[a-z][a-z0-9|+: -]{0,40}$/),
    limit: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    windowMs: fc.integer({ min: 1000, max: 31 * 24 * 60 * 60 * 1000 }),
    remaining: fc.maxSafeNat(),
    waitMs: fc.oneof(fc.constant(0), fc.nat(), fc.constant(undefined)),
    resetMs: fc.nat(),
  })
  .map(({ name, limit, windowMs, remaining, waitMs, resetMs }) => ({
    rule: "a-rule",
    global: false,
    policyName: name,
    limit,
    windowMs,
    remaining: Math.min(remaining, limit),
    waitMs,
    resetMs: waitMs ? Math.min(resetMs, waitMs) : resetMs,
  }));

const decision: fc.Arbitrary<Decision> = fc
  .array(status, { minLength: 1, maxLength: 5 })
  .map((limits) => decisionOf(limits));

const seconds = (ms: number) => Math.min(Math.ceil(ms / 1000), MAX_INTEGER);

describe("RateLimit and RateLimit-Policy (draft 11)", () => {
  test("RateLimit-Policy has every limit's quota and window, and reads back the same", () => {
    fc.assert(
      fc.property(decision, (given) => {
        expect(listOf(headersOf(given), "ratelimit-policy")).toEqual(
          given.limits.map(({ policyName, limit, windowMs }) => [
            policyName,
            new Map([
              ["q", Math.min(limit, MAX_INTEGER)],
              ["w", seconds(windowMs)],
            ]),
          ]),
        );
      }),
    );
  });

  test("RateLimit has the remaining units and their reset, on a denial only for the limits that denied", () => {
    fc.assert(
      fc.property(decision, (given) => {
        const shown = given.allowed ? given.limits : violated(given);
        expect(listOf(headersOf(given), "ratelimit")).toEqual(
          shown.map(({ policyName, remaining, resetMs }) => [
            policyName,
            new Map([
              ["r", Math.min(remaining, MAX_INTEGER)],
              ...(resetMs > 0 ? ([["t", seconds(resetMs)]] as const) : []),
            ]),
          ]),
        );
      }),
    );
  });

  test("RateLimit rounds seconds up, and has no reset when nothing is used", () => {
    const limit = { rule: "a", global: false, policyName: "a", limit: 10, remaining: 9, waitMs: 0 };
    const texts = [0, 1, 1000, 1001].map((ms) =>
      headersOf(decisionOf([{ ...limit, windowMs: 1500, resetMs: ms }])).get("ratelimit"),
    );
    expect(texts).toEqual(['"a";r=9', '"a";r=9;t=1', '"a";r=9;t=1', '"a";r=9;t=2']);
  });

  test("RateLimit and X-RateLimit-* hold whole numbers of at most 15 digits", () => {
    const huge = Number.MAX_SAFE_INTEGER;
    const limit = {
      rule: "a",
      global: false,
      policyName: "a",
      limit: huge,
      windowMs: 1000,
      waitMs: 0,
    };
    const headers = headersOf(decisionOf([{ ...limit, remaining: huge, resetMs: Infinity }]), true);
    expect(headers.get("ratelimit")).toBe(`"a";r=${MAX_INTEGER};t=${MAX_INTEGER}`);
    expect(headers.get("ratelimit-policy")).toBe(`"a";q=${MAX_INTEGER};w=1`);
    expect(headers.get("x-ratelimit-limit")).toBe(String(MAX_INTEGER));
    const part = headersOf(decisionOf([{ ...limit, remaining: 4.7, resetMs: 0 }]));
    expect(part.get("ratelimit")).toBe('"a";r=4');
  });

  test("there are no rate-limit headers when no limit was checked", () => {
    expect([...headersOf(decisionOf([]), true)]).toEqual([]);
  });

  test("RateLimit and RateLimit-Policy replace headers of the same names", () => {
    const headers = new Headers({ ratelimit: '"elsewhere";r=1', "ratelimit-policy": "old" });
    const limit = {
      rule: "a",
      global: false,
      policyName: "a",
      limit: 2,
      windowMs: 1000,
      remaining: 1,
    };
    writeLimitHeaders(headers, decisionOf([{ ...limit, waitMs: 0, resetMs: 0 }]), false);
    expect(headers.get("ratelimit")).toBe('"a";r=1');
    expect(headers.get("ratelimit-policy")).toBe('"a";q=2;w=1');
  });
});

describe("the headers of many limits", () => {
  const many = fc
    .array(status, { minLength: 1, maxLength: 300 })
    .map((limits) =>
      limits.map((limit, i) => ({ ...limit, policyName: `rule-${i}-${limit.rule}` })),
    )
    .map((limits) => decisionOf(limits));
  const bytesOf = (headers: Headers) =>
    [...headers].reduce((sum, [name, value]) => sum + `${name}: ${value}\r\n`.length, 0);
  const namesIn = (headers: Headers, name: string) => listOf(headers, name).map(([text]) => text);

  test("rate-limit headers have at most 1 kB, for any number of limits and every format", () => {
    fc.assert(
      fc.property(many, fc.constantFrom<LegacyHeaders>(false, true, "only"), (given, legacy) => {
        expect(bytesOf(headersOf(given, legacy))).toBeLessThanOrEqual(1024);
      }),
    );
  });

  test("RateLimit and RateLimit-Policy have the tightest limits, in the policy's order", () => {
    fc.assert(
      fc.property(many, (given) => {
        const headers = headersOf(given);
        const shown = given.allowed ? given.limits : violated(given);
        const told = namesIn(headers, "ratelimit");
        const left = shown.filter(({ policyName }) => !told.includes(policyName));
        const kept = shown.filter(({ policyName }) => told.includes(policyName));
        expect(kept.map(({ policyName }) => policyName)).toEqual(told);
        expect(told.length).toBeGreaterThan(0);
        const most = Math.max(...kept.map(({ remaining }) => remaining));
        for (const { remaining } of left) expect(remaining).toBeGreaterThanOrEqual(most);
        expect(namesIn(headers, "ratelimit-policy")).toEqual(expect.arrayContaining(told));
      }),
    );
  });

  test("RateLimit has a limit with the longest name that a policy can have", () => {
    const policyName = `${"r".repeat(64)}:${["a", "b", "c"].map((c) => c.repeat(64)).join("+")}:2678400000ms`;
    const limit = { rule: "a", global: false, policyName, limit: MAX_INTEGER, windowMs: 60_000 };
    const full = { ...limit, remaining: 0, waitMs: 60_000, resetMs: 60_000 };
    const headers = headersOf(decisionOf(Array.from({ length: 5 }, () => full)));
    expect(namesIn(headers, "ratelimit")).toEqual([policyName]);
    expect(namesIn(headers, "ratelimit-policy")).toEqual([policyName]);
  });

  test("rate-limit headers hold only non-negative integers, for any numbers", () => {
    const strange = fc.constantFrom(-1, -0.5, Number.NaN, -Infinity, Infinity, 1e300, 0.5, 7.9);
    fc.assert(
      fc.property(strange, strange, strange, strange, (limit, windowMs, remaining, resetMs) => {
        const odd = { rule: "a", global: false, policyName: "a", limit, windowMs };
        const headers = headersOf(decisionOf([{ ...odd, remaining, waitMs: 0, resetMs }]), true);
        for (const [, value] of headers) {
          expect(value).toMatch(/^(?:"a"(?:;[qwrt]=\d{1,15})+|\d{1,15})$/);
        }
      }),
    );
  });
});

describe("Retry-After", () => {
  test("Retry-After is never earlier than any reset in the denial", () => {
    fc.assert(
      fc.property(decision, (given) => {
        const headers = headersOf(given);
        const retryAfter = headers.get("retry-after");
        expect(retryAfter !== null).toBe(given.retryAfterMs !== undefined);
        if (retryAfter === null) return;
        expect(retryAfter).toMatch(/^\d+$/);
        for (const [, parameters] of listOf(headers, "ratelimit")) {
          expect(Number(retryAfter)).toBeGreaterThanOrEqual(Number(parameters.get("t") ?? 0));
        }
      }),
    );
  });
});

describe("X-RateLimit-*", () => {
  // The clock of the instance, by which the response is dated.
  beforeAll(() => void vi.useFakeTimers({ now: AT, toFake: ["Date"] }));
  afterAll(() => void vi.useRealTimers());

  /**
   * Returns X-RateLimit-* as a package reads them that knows many formats. It gets only these headers, since it
   * reads every RateLimit header as that of draft 7.
   */
  const readLegacy = (headers: Headers) => {
    const names = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    return parseRateLimit(Object.fromEntries(names.map((name) => [name, headers.get(name) ?? ""])));
  };

  test("X-RateLimit-* describes the limit with the least capacity", () => {
    fc.assert(
      fc.property(decision, (given) => {
        const shown = given.allowed ? given.limits : violated(given);
        const least = Math.min(...shown.map(({ remaining }) => remaining));
        const latest = Math.max(
          ...shown.filter(({ remaining }) => remaining === least).map(({ resetMs }) => resetMs),
        );
        const read = readLegacy(headersOf(given, true));
        expect(read?.remaining).toBe(Math.min(least, MAX_INTEGER));
        expect(shown.map(({ limit }) => Math.min(limit, MAX_INTEGER))).toContain(read?.limit);
        expect(read?.reset?.getTime()).toBe(seconds(AT + latest) * 1000);
      }),
    );
  });

  test("X-RateLimit-* describes, of several limits without capacity, the one with the longest wait", () => {
    const full = { rule: "a", global: false, windowMs: 1000, remaining: 0 };
    const soon = { ...full, policyName: "soon", limit: 10, waitMs: 9000, resetMs: 9000 };
    const late = { ...full, policyName: "late", limit: 20, waitMs: 90_000, resetMs: 90_000 };
    const headers = headersOf(decisionOf([soon, late]), true);
    expect(readLegacy(headers)).toMatchObject({ limit: 20, remaining: 0, used: 20 });
    expect(headers.get("x-ratelimit-reset")).toBe("1750000090");
  });

  test("X-RateLimit-Reset is on the clock that dates the response, whatever the store's clock says", () => {
    const limit = { rule: "a", global: false, windowMs: 60_000, policyName: "a", limit: 3 };
    const full = { ...limit, remaining: 0, waitMs: 90_000, resetMs: 90_000 };
    for (const at of [AT - 3_600_000, AT + 3_600_000, undefined]) {
      const headers = headersOf({ ...decisionOf([full]), at }, true);
      expect(headers.get("x-ratelimit-reset")).toBe("1750000090");
    }
  });

  test("X-RateLimit-* can replace the standard's headers, for clients that read those by an older draft", () => {
    fc.assert(
      fc.property(decision, (given) => {
        const headers = headersOf(given, "only");
        expect([...headers.keys()].filter((name) => name.startsWith("ratelimit"))).toEqual([]);
        expect(headers.get("retry-after")).toBe(headersOf(given).get("retry-after"));
        expect(parseRateLimit(headers)).toEqual(readLegacy(headers));
      }),
    );
  });

  test("X-RateLimit-* is not sent by default", () => {
    fc.assert(
      fc.property(decision, (given) => {
        expect([...headersOf(given).keys()].filter((name) => name.startsWith("x-"))).toEqual([]);
      }),
    );
  });
});

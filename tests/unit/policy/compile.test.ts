import { describe, expect, test } from "vitest";
import { formatDuration, parseDuration } from "#lib/core/duration";
import { compilePolicy } from "#lib/policy/compile";
import { PolicyError } from "#lib/policy/errors";

describe("limits", () => {
  const limitOf = (limit: unknown, more: object = {}) =>
    compilePolicy({ rules: { it: { limits: { ip: limit }, ...more } } }).ruleSet("it")?.limits[0];

  test.each<[unknown, number, number]>([
    ["10 per minute", 10, 60_000],
    ["5 per 15 minutes", 5, 900_000],
    ["10 per 1 m", 10, 60_000],
    ["10 per 90s", 10, 90_000],
    ["3 Per Day", 3, 86_400_000],
    [{ limit: 7, window: "2 hours" }, 7, 7_200_000],
    [{ limit: 7, window: 1000 }, 7, 1000],
    ["1 per 31 days", 1, 2_678_400_000],
  ])("%j is %i in %i ms", (given, limit, windowMs) => {
    expect(limitOf(given)).toMatchObject({ limit, windowMs });
  });

  test("up to 100 keep a log, above two counters, unless the rule or the policy says otherwise", () => {
    expect(limitOf("100 per day")?.algorithm).toBe("sliding-log");
    expect(limitOf("101 per day")?.algorithm).toBe("sliding-window");
    expect(limitOf("5 per day", { algorithm: "sliding-window" })?.algorithm).toBe("sliding-window");
    const policy = {
      defaults: { algorithm: "sliding-window" },
      rules: { it: { limits: { ip: "5 per day" } } },
    };
    expect(compilePolicy(policy).ruleSet("it")?.limits[0]?.algorithm).toBe("sliding-window");
  });
});

describe("misuse from JavaScript", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an array", []],
    ["a number", 7],
    ["rules as an array", { rules: [] }],
    ["a rule that is a text", { rules: { it: "10 per minute" } }],
    [
      "a limit that is not a number",
      { rules: { it: { limits: { ip: { limit: NaN, window: "minute" } } } } },
    ],
    [
      "an endless limit",
      { rules: { it: { limits: { ip: { limit: Infinity, window: "minute" } } } } },
    ],
    ["limits of nobody", { rules: { it: { limits: { toString: "1 per minute" } } } }],
    ["a function", { rules: { it: () => {} } }],
  ])("%s is an error with a code, never a crash", (_, policy) => {
    let error: unknown;
    try {
      compilePolicy(policy as Parameters<typeof compilePolicy>[0]);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(PolicyError);
    expect(error).toMatchObject({
      code: "POLICY_INVALID",
      message: expect.stringContaining("allowed:"),
    });
  });
});

describe("lengths of time", () => {
  test.each<[string, number | undefined]>([
    ["minute", 60_000],
    ["1 minute", 60_000],
    ["15 Minutes", 900_000],
    ["1m", 60_000],
    ["500 ms", 500],
    ["2 weeks", 1_209_600_000],
    ["", undefined],
    ["fortnight", undefined],
    ["-1 m", undefined],
    ["1.5 h", undefined],
  ])("%j is %s ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [60_000, "minute"],
    [900_000, "15 minutes"],
    [86_400_000, "day"],
    [1500, "1500 milliseconds"],
  ])("%i ms is said as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

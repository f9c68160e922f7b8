import { describe, expect, test } from "vitest";
import { formatDuration, parseDuration } from "#lib/core/duration";
import { compilePolicy } from "#lib/policy/check/compile";
import { PolicyError, writePlace } from "#lib/policy/errors";

describe("limits of a policy", () => {
  const limitOf = (limit: unknown, more: object = {}) =>
    compilePolicy({ rules: { it: { limits: { ip: limit }, ...more } } }).rules.get("it")?.limits[0];

  test.each<[unknown, number, number]>([
    ["10 per minute", 10, 60_000],
    ["5 per 15 minutes", 5, 900_000],
    ["10 per 1 m", 10, 60_000],
    ["10 per 90s", 10, 90_000],
    ["3 Per Day", 3, 86_400_000],
    [{ limit: 7, window: "2 hours" }, 7, 7_200_000],
    [{ limit: 7, window: 1000 }, 7, 1000],
    ["1 per 31 days", 1, 2_678_400_000],
  ])("the limit %j is read as %i units in %i ms", (given, limit, windowMs) => {
    expect(limitOf(given)).toMatchObject({ limit, windowMs });
  });

  test("limits up to 100 keep a log and larger ones two counters, unless the rule or the policy names an algorithm", () => {
    expect(limitOf("100 per day")?.algorithm).toBe("sliding-log");
    expect(limitOf("101 per day")?.algorithm).toBe("sliding-window");
    expect(limitOf("5 per day", { algorithm: "sliding-window" })?.algorithm).toBe("sliding-window");
    const policy = {
      defaults: { algorithm: "sliding-window" },
      rules: { it: { limits: { ip: "5 per day" } } },
    };
    expect(compilePolicy(policy).rules.get("it")?.limits[0]?.algorithm).toBe("sliding-window");
  });
});

describe("misuse from JavaScript", () => {
  test.each<[string, unknown]>([
    ["the value undefined", undefined],
    ["the value null", null],
    ["an array as its value", []],
    ["a number as its value", 7],
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
    ["limits of an inherited name", { rules: { it: { limits: { toString: "1 per minute" } } } }],
    ["a function as a rule", { rules: { it: () => {} } }],
  ])("a policy with %s throws a PolicyError", (_, policy) => {
    let error: unknown;
    try {
      compilePolicy(policy as Parameters<typeof compilePolicy>[0]);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(PolicyError);
    expect(error).toMatchObject({
      code: "POLICY_INVALID",
      message: expect.stringContaining(" must be "),
    });
  });
});

describe("the problems of a policy", () => {
  const problemsOf = (policy: object) => {
    try {
      compilePolicy(policy as Parameters<typeof compilePolicy>[0]);
      return [];
    } catch (error) {
      return error instanceof PolicyError ? error.problems : [];
    }
  };
  const found = (policy: object) =>
    problemsOf(policy).map(({ code, place }) => `${code} ${writePlace(place)}`);

  test("all problems of a policy are found at once", () => {
    const rule = {
      match: ["api"],
      limits: { ip: ["often", 5, "1 per 1 ms"], usr: "1 per day" },
      methods: 7,
      more: 1,
    };
    const policy = { limit: 1, exempt: { "/a": "", "/b": 5 }, rules: { it: rule, that: {} } };
    expect(found(policy).toSorted()).toEqual([
      "BAD_LIMIT rules.it.limits.ip[0]",
      "BAD_PATTERN rules.it.match[0]",
      'BAD_VALUE exempt["/b"]',
      "BAD_VALUE rules.it.limits.ip[1]",
      "BAD_VALUE rules.it.methods",
      'EMPTY_REASON exempt["/a"]',
      "NO_LIMITS rules.that",
      "UNKNOWN_IDENTITY rules.it.limits.usr",
      "UNKNOWN_KEY limit",
      "UNKNOWN_KEY rules.it.more",
      "WINDOW_TOO_SHORT rules.it.limits.ip[2]",
    ]);
  });

  test.each([
    ['{"rules":{"a":{"limits":{"ip":"1 per day"}},"__proto__":{}}}', "rules.__proto__"],
    ['{"rules":{"a":{"limits":{"ip":"1 per day","__proto__":1}}}}', "rules.a.limits.__proto__"],
    ['{"rules":{"a":{"limits":{"ip":"1 per day"},"__proto__":1}}}', "rules.a.__proto__"],
    [
      '{"rules":{"a":{"limits":{"ip":"1 per day"}}},"exempt":{"__proto__":"x"}}',
      "exempt.__proto__",
    ],
  ])("a key __proto__ in %s is a problem", (json, place) => {
    expect(found(JSON.parse(json) as object)).toEqual([`UNKNOWN_KEY ${place}`]);
  });

  test("names of inherited properties are read like other names", () => {
    const limits = { ip: "1 per day", constructor: { limit: 1, window: "day", more: 1 } };
    const [first, ...more] = problemsOf({
      rules: { constructor: { limits }, valueof: { limits } },
    });
    expect(first).toMatchObject({ code: "UNKNOWN_IDENTITY", given: '"constructor"' });
    expect(more.map(({ allowed }) => allowed)).toContain("limit or window");
  });

  test.each([
    [{ limits: { usr: "1 per day" } }, 'did you mean "user"?'],
    [{ limits: { glbal: "1 per day" } }, 'did you mean "global"?'],
    [{ limits: { ip: "1 per day" }, replaces: "serach" }, 'did you mean "search"?'],
    [{ limits: { ip: "1 per day" }, methd: [] }, 'did you mean "methods"?'],
  ])("the problem of %j suggests the name that was likely meant", (rule, hint) => {
    const search = { limits: { ip: "1 per day" } };
    const problems = problemsOf({ identities: { user: "from-code" }, rules: { search, rule } });
    expect(problems.map(({ allowed }) => allowed).join()).toContain(hint);
  });

  test("the problem of a name that resembles no known name has no suggestion", () => {
    const [problem] = problemsOf({ rules: { it: { limits: { organisation: "1 per day" } } } });
    expect(problem?.allowed).toBe("ip or global, as in config/identities.ts");
  });

  test("each problem has a message of one line", () => {
    const [problem] = problemsOf({ rules: { it: { limits: { ip: "often" } } } });
    expect(problem?.message).toMatch(
      /^BAD_LIMIT: rules\.it\.limits\.ip must be .*, but is "often"\. \(headgate\/docs\//,
    );
  });

  test("only rules that replace each other in a circle are a problem", () => {
    const limits = { ip: "1 per day" };
    const rules = {
      a: { limits, replaces: ["b", "c"] },
      b: { limits, replaces: "c" },
      c: { limits },
      d: { limits, replaces: "c" },
    };
    expect(found({ rules })).toEqual([]);
    const two = { ...rules, c: { limits, replaces: "b" }, e: { limits, replaces: "f" } };
    expect(found({ rules: { ...two, f: { limits, replaces: "e" } } })).toEqual([
      "REPLACES_IN_A_CIRCLE rules.b.replaces",
      "REPLACES_IN_A_CIRCLE rules.e.replaces",
    ]);
  });

  test.each([
    "/files/:slug([a-z0-9]+(?:-[a-z0-9]+)*)",
    "/:a(\\d+)/:b(\\d+)/:c(\\d+)",
    "/:a*/x/:b*",
  ])("the pattern %s is accepted, since it is not slow", (match) => {
    expect(found({ rules: { it: { match, limits: { ip: "1 per day" } } } })).toEqual([]);
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
  ])("parseDuration reads %j as %s ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [60_000, "minute"],
    [900_000, "15 minutes"],
    [86_400_000, "day"],
    [1500, "1500 milliseconds"],
  ])("formatDuration writes %i ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

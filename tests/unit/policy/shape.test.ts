import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { ALGORITHM_NAMES } from "#lib/limit/algorithms/all";
import { Problems } from "#lib/policy/errors";
import { readRewrites } from "#lib/policy/rewrites";
import { parseLimit, parsePolicy, parseRule } from "#lib/policy/check/schema";

/** The same shapes in a schema library, which must reject the same values. */
const record = z.record(z.string(), z.unknown());
const onStoreFailure = z.optional(z.enum(["allow", "deny", "local"]));
const algorithm = z.optional(z.enum(ALGORITHM_NAMES));
const headers = z.optional(z.enum(["always", "denied"]));
const oneOrMore = z.optional(z.union([z.string(), z.array(z.string())]));
const RULE = z.strictObject({
  match: oneOrMore,
  // The compiler of rules checks each method.
  methods: z.optional(z.array(z.unknown())),
  limits: z.optional(record),
  tiers: z.optional(record),
  replaces: oneOrMore,
  cost: z.optional(z.number()),
  algorithm,
  onStoreFailure,
  admit: z.optional(z.enum(["strict", "optimistic"])),
  mode: z.optional(z.string()),
  headers,
  // The compiler of rules checks the values.
  prefetch: z.optional(z.union([z.string(), record])),
  maxBody: z.optional(z.union([z.string(), z.number()])),
});
const POLICY = z.strictObject({
  identities: z.optional(record),
  defaults: z.optional(z.strictObject({ onStoreFailure, algorithm, headers })),
  exempt: z.optional(record),
  locales: z.optional(z.union([record, z.array(z.unknown())])),
  mode: z.optional(z.string()),
  rules: record,
});
const LIMIT = z.union([
  z.string(),
  z.strictObject({ limit: z.number(), window: z.union([z.string(), z.number()]) }),
]);
const rewrite = z.object({
  source: z.string().check(z.startsWith("/")),
  destination: z.string().check(z.minLength(1)),
  has: z.optional(z.array(z.unknown())),
  missing: z.optional(z.array(z.unknown())),
  basePath: z.optional(z.boolean()),
});
const list = z.optional(z.array(rewrite));
const REWRITES = z.union([
  z.array(rewrite),
  z.object({ beforeFiles: list, afterFiles: list, fallback: list }),
]);

const words = [
  "allow",
  "local",
  "sliding-log",
  "token-bucket",
  "enforce",
  "always",
  "optimistic",
  "/api",
  "day",
  "",
];
const value = fc.oneof(
  { arbitrary: fc.constantFrom(...words), weight: 3 },
  fc.constantFrom(undefined, null, true, 0, 5, -1, 1.5, NaN, Infinity, ""),
  fc.array(fc.constantFrom("/a", "GET", 5), { maxLength: 3 }),
  fc.dictionary(
    fc.constantFrom("onStoreFailure", "algorithm", "headers", "ip"),
    fc.constantFrom(...words, 5),
  ),
);

/** Objects with some of a shape's properties and sometimes an unknown one, or any other value. */
const given = (...keys: readonly string[]) =>
  fc.oneof(
    {
      arbitrary: fc
        .dictionary(fc.constantFrom(...keys), value, { maxKeys: 4 })
        .chain((some) =>
          fc.constantFrom(
            some,
            { ...some, rules: {} },
            { ...some, more: 1 },
            { limit: 5, ...some },
          ),
        ),
      weight: 8,
    },
    value,
  );

type Read = (given: unknown, problems: Problems) => unknown;

const CASES: readonly (readonly [string, z.ZodMiniType, Read, fc.Arbitrary<unknown>])[] = [
  [
    "policy",
    POLICY,
    parsePolicy,
    given("identities", "defaults", "exempt", "locales", "mode", "rules"),
  ],
  [
    "rule",
    RULE,
    (one, problems) => parseRule("it", one, problems),
    given(...Object.keys(RULE.shape)),
  ],
  [
    "limit",
    LIMIT,
    (one, problems) => parseLimit(one, ["rules", "it"], problems),
    given("limit", "window"),
  ],
];

describe("the shapes of a policy", () => {
  test.each(CASES)(
    "the shape of a %s accepts the same values as a schema library",
    (_, schema, read, arbitrary) => {
      const accepted = { count: 0 };
      fc.assert(
        fc.property(arbitrary, (one) => {
          const problems = new Problems();
          read(one, problems);
          const isAccepted = problems.found.length === 0;
          accepted.count += isAccepted ? 1 : 0;
          expect(isAccepted).toBe(z.safeParse(schema, one).success);
        }),
        { numRuns: 2000 },
      );
      expect(accepted.count).toBeGreaterThan(100);
    },
  );

  test.each([new Date(0), new Map(), [], "x", null, undefined, () => {}])(
    "the value %o is neither a policy nor a rule",
    (one) => {
      const problems = new Problems();
      expect([parsePolicy(one, problems), parseRule("it", one, problems)]).toEqual([
        undefined,
        undefined,
      ]);
      expect(problems.found.map(({ code }) => code)).toEqual(["BAD_VALUE", "BAD_VALUE"]);
    },
  );

  test("readRewrites accepts the same values as a schema library", () => {
    const one = fc.record(
      {
        source: fc.constantFrom("/s", "s", 5),
        destination: fc.constantFrom("/t", "", "https://x.example", null),
        has: fc.constantFrom([], [{ type: "host" }], "host"),
        missing: fc.constantFrom([], {}),
        basePath: fc.constantFrom(true, false, 0),
        locale: fc.constant(false),
      },
      { requiredKeys: ["source", "destination"] },
    );
    const many = fc.array(fc.oneof(one, fc.constant({ source: "/s", destination: "/t" })), {
      maxLength: 2,
    });
    const all = fc.oneof(
      many,
      fc.dictionary(fc.constantFrom("beforeFiles", "afterFiles", "fallback", "more"), many),
      fc.constantFrom(7, "x", null, [1]),
    );
    fc.assert(
      fc.property(all, (rewrites) => {
        const isRead = () => {
          try {
            readRewrites(JSON.stringify(rewrites));
            return true;
          } catch {
            return false;
          }
        };
        expect(isRead()).toBe(z.safeParse(REWRITES, rewrites).success);
      }),
      { numRuns: 2000 },
    );
  });
});

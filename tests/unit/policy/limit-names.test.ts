import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Decision } from "#lib/core/decision";
import { compilePolicy } from "#lib/policy/check/compile";
import { everyLimit } from "#lib/policy/select";
import type { CompiledLimit, CompiledRule } from "#lib/policy/types";
import { writeLimitHeaders } from "#lib/respond/headers";
import { selected } from "../../support/selected.ts";

/** One limit in a policy: its subject, and its window in milliseconds. */
type Written = readonly [subject: string, window: number];

const identities = { user: "from-code", plan: "from-code", tenant: "from-code" } as const;
const subject = fc.constantFrom("ip", "user", "user|ip", "ip|user", "ip+user", "user+ip", "global");
const window = fc.oneof(
  fc.constantFrom(1000, 60_000, 3_600_000, 86_400_000, 604_800_000),
  fc.integer({ min: 1000, max: 31 * 86_400_000 }),
);
const limits = fc.uniqueArray(fc.tuple(subject, window), {
  selector: ([who, windowMs]) => `${who} ${windowMs}`,
  minLength: 1,
  maxLength: 8,
});

/** Returns limits in the form of a policy, in their order. */
function inPolicy(written: readonly Written[]) {
  const bySubject: Record<string, object[]> = {};
  for (const [who, windowMs] of written) {
    (bySubject[who] ??= []).push({ limit: 5, window: windowMs });
  }
  return bySubject;
}

function ruleOf(rule: object): CompiledRule {
  const found = compilePolicy({ identities, rules: { search: rule } }).rules.get("search");
  if (!found) throw new Error("The policy has no rule search.");
  return found;
}

/** Returns the name of each limit, by its subject and window. */
function namesOf(compiled: readonly CompiledLimit[]): Record<string, string> {
  return Object.fromEntries(
    compiled.map((each) => [`${each.subject.expression} ${each.windowMs}`, each.policyName]),
  );
}

describe("a limit's name", () => {
  test.each([
    [{ limits: { ip: "10 per minute" } }, "search:ip:minute"],
    [{ limits: { "user|ip": "5 per 15 minutes" } }, "search:user|ip:15 minutes"],
    [{ limits: { "ip+user": { limit: 5, window: 1500 } } }, "search:ip+user:1500 milliseconds"],
    [{ tiers: { plan: { free: { user: "5 per day" } } } }, "search:user:day"],
  ])("the limit's name for the rule %j is %s", (rule, name) => {
    expect(everyLimit(ruleOf(rule)).map(({ policyName }) => policyName)).toEqual([name]);
  });

  test("a limit's name stays when its rule gets more limits, another order, or tiers", () => {
    fc.assert(
      fc.property(limits, fc.nat(), fc.nat(), (written, from, at) => {
        const together = namesOf(ruleOf({ limits: inPolicy(written) }).limits);
        for (const one of written) {
          expect(together).toMatchObject(namesOf(ruleOf({ limits: inPolicy([one]) }).limits));
        }
        const turned = from % written.length;
        const moved = [...written.slice(turned), ...written.slice(0, turned)].toReversed();
        expect(namesOf(ruleOf({ limits: inPolicy(moved) }).limits)).toEqual(together);

        const [lone = written[0]] = written.slice(at % written.length);
        const plan = { free: inPolicy(lone ? [lone] : []), pro: inPolicy(written) };
        const { tiers } = ruleOf({ tiers: { plan } });
        expect(namesOf(tiers?.limits.get("pro") ?? [])).toEqual(together);
        expect(together).toMatchObject(namesOf(tiers?.limits.get("free") ?? []));
      }),
    );
  });

  test("a limit's name is unique among the limits of its rule and of the rule for its prefetches", () => {
    fc.assert(
      fc.property(limits, (written) => {
        const both = {
          search: { match: "/a", limits: inPolicy(written), prefetch: "apart" },
          "search-prefetch": { match: "/a", limits: inPolicy(written) },
        };
        const policy = compilePolicy({ identities, rules: both });
        const names = [false, true].flatMap((prefetches) => {
          const set = selected(policy.match("GET", "/a", false, prefetches));
          return set?.limits.map(({ policyName }) => policyName) ?? [];
        });
        const [visits, prefetches] = [names.filter(isOfVisit), names.filter(isOfPrefetch)];
        expect(new Set(visits).size).toBe(written.length);
        expect(new Set(prefetches).size).toBe(written.length);
        // The second rule counts the prefetches of the first.
        expect(new Set(names).size).toBe(3 * written.length);
      }),
    );
  });

  test("the longest limit's name is printable and fits into RateLimit headers", () => {
    const long = (letter: string) => letter.repeat(64);
    const names = ["a", "b", "c", "d"].map(long);
    const policy = compilePolicy({
      identities: Object.fromEntries(names.map((name) => [name, "from-code" as const])),
      rules: {
        [long("r")]: {
          match: "/a",
          prefetch: { times: 1000 },
          limits: { [names.join("+")]: { limit: 3_362_878, window: 31 * 86_400_000 - 1 } },
        },
      },
    });
    const [limit] = selected(policy.match("GET", "/a", false, true))?.limits ?? [];
    expect(limit?.policyName).toMatch(/^[\x20-\x7e]{350,400}$/);
    const headers = headersOf(limit);
    expect(headers.get("ratelimit")).toContain(`"${limit?.policyName}";r=0;t=5356800`);
    expect(headers.get("ratelimit-policy")).toContain(`"${limit?.policyName}";q=`);
  });
});

const isOfPrefetch = (name: string) => name.startsWith("search:prefetch:");
const isOfVisit = (name: string) => name.startsWith("search:") && !isOfPrefetch(name);

/** Returns the headers of a denial by one limit, with the longest possible wait: two windows. */
function headersOf(limit: CompiledLimit | undefined): Headers {
  const headers = new Headers();
  if (!limit) return headers;
  const wait = 2 * limit.windowMs;
  const status = { ...limit, global: false, remaining: 0, waitMs: wait, resetMs: wait };
  const decision: Decision = {
    allowed: false,
    reason: "over-limit",
    limits: [status],
    shadows: [],
    retryAfterMs: wait,
    at: 0,
    counted: "in-store",
  };
  writeLimitHeaders(headers, decision, false);
  return headers;
}

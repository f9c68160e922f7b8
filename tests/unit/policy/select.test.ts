import { describe, expect, test } from "vitest";
import { compileAlone, compilePolicy } from "#lib/policy/check/compile";
import { defineIdentities, definePolicy } from "#lib/policy/define";
import { cpuMs } from "../../support/cpu.ts";
import { type Selecting, selected } from "../../support/selected.ts";

const policy = compilePolicy(
  definePolicy({
    identities: defineIdentities({ plan: "from-code", user: "from-code" }),
    rules: {
      api: { match: "/api/:path*", limits: { ip: "600 per minute" } },
      export: {
        match: "/api/export",
        replaces: "api",
        tiers: {
          plan: { free: { user: "5 per hour" }, pro: { user: ["100 per hour", "900 per day"] } },
        },
      },
      trial: { match: "/api/trial", replaces: "api", limits: { ip: "5 per hour" }, mode: "shadow" },
      stricter: {
        match: "/api/trial",
        limits: { ip: "1 per hour" },
        mode: "shadow",
        replaces: "trial",
      },
      rollout: {
        match: "/api/rollout",
        replaces: "api",
        limits: { ip: "5 per hour" },
        mode: "25%",
        onStoreFailure: "deny",
      },
      alone: { match: "/alone", limits: { ip: "5 per hour" }, mode: "0%", onStoreFailure: "deny" },
    },
  }),
);

function rulesOf(path: string, client: Selecting = {}) {
  const set = selected(policy.match("GET", path), client);
  return {
    set,
    decide: set?.rules.map(({ name }) => name),
    shadows: set?.shadows.map(({ rule }) => rule),
    limits: set?.limits.map(({ policyName, limit }) => `${policyName} ${limit}`),
  };
}

const onPlan = (plan: string): Selecting => ({ values: { plan } });

describe("tiers", () => {
  test("a client has the limits of its tier, by the identity's value", () => {
    expect(rulesOf("/api/export", onPlan("free")).limits).toEqual(["export:user:hour 5"]);
    expect(rulesOf("/api/export", onPlan("pro")).limits).toEqual([
      "export:user:hour 100",
      "export:user:day 900",
    ]);
  });

  test.each([["unknown"], [""], ["PRO"], ["toString"], ["__proto__"]])(
    "a client with the unlisted value %j has the first tier",
    (plan) => {
      expect(rulesOf("/api/export", onPlan(plan)).limits).toEqual(["export:user:hour 5"]);
    },
  );

  test("a client without a value has the first tier", () => {
    expect(rulesOf("/api/export").limits).toEqual(["export:user:hour 5"]);
  });

  test("a match names the identity of the tiers beside the counted ones", () => {
    expect(policy.match("GET", "/api/export")?.identities).toEqual(["plan", "user"]);
  });

  test("values that look alike when joined are not confused", () => {
    const odd = compilePolicy({
      identities: { a: "from-code", b: "from-code" },
      rules: {
        a: {
          match: "/odd",
          tiers: { a: { p: { ip: "1 per hour" }, "p],b[q": { ip: "2 per hour" } } },
        },
        b: {
          match: "/odd",
          tiers: { b: { "q],b[r": { ip: "3 per hour" }, r: { ip: "4 per hour" } } },
        },
      },
    });
    const limits = (values: Readonly<Record<string, string>>) =>
      selected(odd.match("GET", "/odd"), { values })?.limits.map(({ limit }) => limit);
    expect(limits({ a: "p", b: "q],b[r" })).toEqual([1, 3]);
    expect(limits({ a: "p],b[q", b: "r" })).toEqual([2, 4]);
  });
});

describe("modes", () => {
  test("a rule in shadow decides nothing and replaces no enforced rule", () => {
    const { decide, shadows, limits } = rulesOf("/api/trial");
    expect(decide).toEqual(["api"]);
    expect(limits).toEqual(["api:ip:minute 600"]);
    // A rule in shadow replaces another rule in shadow, as it would if both were enforced.
    expect(shadows).toEqual(["stricter"]);
  });

  test("a rule with a percentage is enforced for some clients and in shadow for the others", () => {
    expect(rulesOf("/api/rollout", { isEnforced: true })).toMatchObject({
      decide: ["rollout"],
      shadows: [],
      set: { onStoreFailure: "deny" },
    });
    expect(rulesOf("/api/rollout", { isEnforced: false })).toMatchObject({
      decide: ["api"],
      shadows: ["rollout"],
      set: { onStoreFailure: "allow" },
    });
  });

  test("a mode of 0% is shadow, and no rule in shadow denies when the store fails", () => {
    expect(rulesOf("/alone")).toMatchObject({
      decide: [],
      shadows: ["alone"],
      set: { onStoreFailure: "allow" },
    });
  });

  test.each([
    ["enforce", 100],
    ["shadow", 0],
    ["0%", 0],
    ["12.5%", 12.5],
    ["100%", 100],
  ])("the mode %j enforces a rule for %d percent", (mode, percent) => {
    const made = compilePolicy({ rules: { it: { limits: { ip: "1 per hour" }, mode } } });
    expect(made.rules.get("it")?.enforced).toBe(percent);
    const byPolicy = compilePolicy({ mode, rules: { it: { limits: { ip: "1 per hour" } } } });
    expect(byPolicy.rules.get("it")?.enforced).toBe(percent);
  });

  test("the policy's mode applies to rules without a mode", () => {
    const limits = { ip: "1 per hour" };
    const made = compilePolicy({
      mode: "shadow",
      rules: {
        plain: { match: "/a", limits },
        decides: { match: "/a", limits, mode: "enforce" },
        half: { match: "/a", limits, mode: "50%" },
        pages: { match: "/p", limits, prefetch: "apart" },
      },
    });
    const enforced = [...made.rules].map(([name, rule]) => [name, rule.enforced]);
    expect(enforced).toEqual([
      ["plain", 0],
      ["decides", 100],
      ["half", 50],
      ["pages", 0],
    ]);
    const prefetch = made
      .match("GET", "/p", false, true)
      ?.rules.map(({ name, enforced: of }) => [name, of]);
    expect(prefetch).toEqual([["pages:prefetch", 0]]);
  });

  test("a limit that code states itself is enforced in every mode of the policy", () => {
    const { rules } = compileAlone("own", "user", "1 per hour");
    expect(rules.map(({ enforced }) => enforced)).toEqual([100]);
  });
});

test("a client's rules are selected in a short time when many rules match a path", () => {
  const tiers = { plan: { free: { ip: "5 per hour" }, pro: { ip: "9 per hour" } } };
  const names = Array.from({ length: 1000 }, (_, i) => `rule-${i}`);
  const many = compilePolicy({
    identities: { plan: "from-code" },
    rules: Object.fromEntries(names.map((name) => [name, { match: "/:path*", tiers }])),
  });
  const match = many.match("GET", "/a");
  const start = cpuMs();
  for (let i = 0; i < 100; i += 1) {
    expect(selected(match, onPlan("pro"))?.limits).toHaveLength(1000);
  }
  // Comparing each rule with every other takes 1,800 ms; comparing it with the replacing rules takes 40.
  expect(cpuMs() - start).toBeLessThan(600);
});

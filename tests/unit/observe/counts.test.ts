import { describe, expect, test } from "vitest";
import { type Decision, decided, type LimitStatus, uncounted } from "#lib/core/decision";
import { HeadgateError } from "#lib/core/errors";
import type { DecisionEvent } from "#lib/core/events";
import { Counts } from "#lib/observe/counts";

const HOUR_MS = 3_600_000;
const AT = Date.UTC(2026, 10, 29, 12, 34, 56);

function status(rule: string, remaining: number, more: Partial<LimitStatus> = {}): LimitStatus {
  return {
    rule,
    policyName: `${rule}-name`,
    global: false,
    limit: 5,
    windowMs: 60_000,
    remaining,
    waitMs: remaining > 0 ? 0 : 100,
    resetMs: 100,
    ...more,
  };
}

const within = (limits: readonly LimitStatus[], shadows: Decision["shadows"] = []): Decision =>
  decided(limits, { shadows, at: AT, counted: "in-store" });

const FAILED = { error: new HeadgateError("STORE_TIMEOUT", "late") };

function event(decision: Decision, more: Partial<DecisionEvent> = {}): DecisionEvent {
  return {
    kind: "decision",
    rules: ["a", "b"],
    decision,
    method: "GET",
    patterns: {},
    onStoreFailure: "allow",
    addressKnown: true,
    clients: () => ({ "a-name": "client-a", "b-name": "client-b" }),
    mode: "enforce",
    requestId: undefined,
    decidedAt: AT,
    tookMs: 2,
    ...more,
  };
}

/** Returns the counts of decisions, by rule and outcome. */
function outcomes(...events: readonly DecisionEvent[]): Readonly<Record<string, number>> {
  const counts = new Counts(false);
  for (const one of events) counts.add(one, AT);
  const found = [...counts.totals.values].filter(([field]) => field.startsWith("decisions_total "));
  return Object.fromEntries(found.map(([field, n]) => [field.slice("decisions_total ".length), n]));
}

describe("the outcome of a decision for each rule", () => {
  test.each([
    [
      "an allowed request, for each rule",
      event(within([status("a", 1)])),
      { "a allowed": 1, "b allowed": 1 },
    ],
    [
      "a denied request, for the rules that denied it",
      event(within([status("a", 1), status("b", 0), status("b", 0)])),
      { "b denied": 1 },
    ],
    [
      "a rule in shadow that would have denied an allowed request",
      event(within([status("a", 1)], [{ rule: "b", allowed: false, limits: [] }])),
      { "a allowed": 1, "b shadow_denied": 1 },
    ],
    [
      "a rule in shadow that would have denied what another rule denied",
      event(within([status("a", 0)], [{ rule: "b", allowed: false, limits: [] }])),
      { "a denied": 1, "b shadow_denied": 1 },
    ],
    [
      "a denial in the mode shadow",
      event(within([status("a", 0)]), { mode: "shadow" }),
      { "a shadow_denied": 1 },
    ],
    [
      "a request that is allowed because the store failed",
      event(uncounted(true, "store-failed", FAILED)),
      { "a degraded": 1, "b degraded": 1 },
    ],
    [
      "a request that is denied because the store failed",
      event(uncounted(false, "store-failed", FAILED)),
      { "a degraded": 1, "b degraded": 1 },
    ],
    [
      "a denial that this process counted while the store failed",
      event({ ...within([status("a", 0)]), counted: "in-process", ...FAILED }),
      { "a degraded": 1, "b degraded": 1 },
    ],
    [
      "a body that is too large, before rules were matched",
      event(uncounted(false, "body-too-large", { maxBody: 9 }), { rules: [] }),
      { "(none) denied": 1 },
    ],
    [
      "a blocked client, apart from the denials of the rules",
      event(uncounted(false, "blocked", { entry: "policy block 1" })),
      { "a blocked": 1, "b blocked": 1 },
    ],
    [
      "a blocked client on a path without a rule",
      event(uncounted(false, "blocked", { entry: "policy block 1" }), { rules: [] }),
      { "(none) blocked": 1 },
    ],
    [
      "a blocked client in the mode shadow",
      event(uncounted(false, "blocked", { entry: "policy block 1" }), { mode: "shadow" }),
      { "a shadow_denied": 1, "b shadow_denied": 1 },
    ],
    [
      "a client that is allowed without being counted",
      event(uncounted(true, "allow-listed", { entry: "policy allow 1" })),
      { "a uncounted": 1, "b uncounted": 1 },
    ],
    [
      "a client without a limit, also in the mode shadow",
      event(uncounted(true, "unlimited"), { mode: "shadow" }),
      { "a uncounted": 1, "b uncounted": 1 },
    ],
  ])("the counted outcome of %s", (_, one, expected) => {
    expect(outcomes(one)).toEqual(expected);
  });
});

test("denied clients are kept by rule, except for limits that count all clients together", () => {
  const counts = new Counts(false);
  counts.add(event(within([status("a", 0), status("b", 0, { global: true })])), AT);
  counts.add(event(within([status("a", 0)])), AT);
  counts.add(event(within([status("a", 0)]), { mode: "shadow" }), AT);
  counts.add(event(within([status("a", 3)])), AT);
  const [[start, hour] = []] = counts.hours;
  expect(start).toBe(Date.UTC(2026, 10, 29, 12));
  expect(Object.fromEntries(hour?.denied.counts ?? [])).toEqual({ "a client-a": 2 });
  expect(hour?.console.counts.size).toBe(0);
});

test("Counts bounds the number of hours, series and clients", () => {
  const counts = new Counts(true);
  for (let i = 0; i < 3000; i += 1) {
    const clients = () => ({ "a-name": `client-${i}` });
    counts.add(
      event(within([status("a", 0)]), { rules: [`rule-${i}`], clients }),
      AT + (i % 3) * HOUR_MS,
    );
  }
  expect(counts.totals.values.size).toBe(1000);
  expect(counts.hours.size).toBe(2);
  for (const { minutes, denied, console: forConsole } of counts.hours.values()) {
    expect([minutes.values.size <= 1000, denied.counts.size, forConsole.counts.size]).toEqual([
      true,
      100,
      100,
    ]);
  }
  // The totals are exact for series from before the bound was reached.
  expect(counts.totals.values.get("decisions_total a denied")).toBe(3000);
});

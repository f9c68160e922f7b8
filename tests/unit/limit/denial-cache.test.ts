import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALGORITHM_NAMES } from "#lib/limit/algorithms/all";
import type { Decision } from "#lib/core/decision";
import { type Charge, statusOf } from "#lib/limit/charge";
import { DenialCache } from "#lib/limit/denial-cache";
import { Model, type ModelLimit } from "../../support/model.ts";
import { chargeOf } from "../../support/charge.ts";

/** Decides like a store at a moment, and consumes. */
function decide(models: readonly Model[], charges: readonly Charge[], now: number): Decision {
  const waits = models.map((model) => model.wait(now));
  const allowed = waits.every((wait) => wait === 0);
  if (allowed) for (const model of models) model.take(now);
  return {
    allowed,
    reason: allowed ? "within-limit" : "over-limit",
    limits: charges.map(({ limit }, i) =>
      statusOf(limit, models[i]?.remaining(now) ?? 0, waits[i] ?? -1, 1),
    ),
    shadows: [],
    retryAfterMs:
      allowed || waits.includes(undefined)
        ? undefined
        : Math.max(...waits.map((wait) => wait ?? 0)),
    at: now,
    counted: "in-store",
  };
}

/** A denial cache on the test's clock, with a function that caches a store's answer. */
function cache(most?: number) {
  const clock = { now: 5000 };
  const denials = new DenialCache(() => clock.now, most);
  const learn = (charges: readonly Charge[], decision: Decision) =>
    denials.learn(charges, denials.callTime(), decision);
  return { clock, denials, learn };
}

const denied = (charges: readonly Charge[], waits: readonly number[]): Decision => ({
  allowed: false,
  reason: "over-limit",
  limits: charges.map(({ limit }, i) => statusOf(limit, 0, waits[i] ?? 0, waits[i] ?? 0)),
  shadows: [],
  retryAfterMs: waits.includes(-1) ? undefined : Math.max(...waits),
  at: 1_750_000_000_000,
  counted: "in-store",
});

const limits: fc.Arbitrary<ModelLimit> = fc.record({
  algorithm: fc.constantFrom(...ALGORITHM_NAMES),
  limit: fc.integer({ min: 1, max: 4 }),
  windowMs: fc.integer({ min: 1000, max: 80_000 }),
  cost: fc.integer({ min: 1, max: 5 }),
});

/** The gap before each request, and its latency to the store and back. */
const requests = fc.array(
  fc.record({
    gap: fc.oneof(fc.nat(50), fc.nat(5000), fc.nat(40_000)),
    there: fc.nat(800),
    back: fc.nat(800),
    elsewhere: fc.boolean(),
  }),
  { minLength: 5, maxLength: 60 },
);

describe("the denial cache", () => {
  test("a cached denial never outlasts the lack of capacity, and its wait is never too short", () => {
    let found = 0;
    fc.assert(
      fc.property(fc.array(limits, { minLength: 1, maxLength: 3 }), requests, (rules, asked) => {
        const { clock, denials } = cache();
        const models = rules.map((rule) => new Model(rule));
        const charges = rules.map((rule, i) => chargeOf(`key-${i}`, rule));
        const wrong: Decision[] = [];
        let lastTaken = 0;
        for (const { gap, there, back, elsewhere } of asked) {
          clock.now += gap;
          const denial = elsewhere ? undefined : denials.find(charges);
          if (denial) {
            found += 1;
            const admitsAt = (time: number) => models.every((model) => model.admits(time));
            const isTooLong = admitsAt(clock.now);
            // A request that consumed since the denial may make all clients wait longer.
            const isAlone = lastTaken <= (denial.at ?? 0);
            const isTooShort = isAlone && !admitsAt(clock.now + (denial.retryAfterMs ?? 0));
            if (isTooLong || isTooShort) wrong.push(denial);
            continue;
          }
          const asked = denials.callTime();
          clock.now += there;
          const decision = decide(models, charges, clock.now);
          if (decision.allowed) lastTaken = clock.now;
          clock.now += back;
          if (!elsewhere) denials.learn(charges, asked, decision);
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 1000 },
    );
    expect(found).toBeGreaterThan(100);
  });

  test("a cached denial lasts at most 30 seconds, and its wait is the rest of the store's", () => {
    const { clock, denials, learn } = cache();
    const charges = [chargeOf("a")];
    learn(charges, denied(charges, [3_600_000]));
    clock.now += 29_999.5;
    expect(denials.find(charges)).toMatchObject({
      allowed: false,
      reason: "over-limit",
      remembered: true,
      retryAfterMs: 3_570_001,
      at: 1_750_000_029_999,
      limits: [{ waitMs: 3_570_001, resetMs: 3_570_001 }],
    });
    clock.now += 0.5;
    expect(denials.find(charges)).toBeUndefined();
  });

  test("a cached denial applies only to requests of the same cost, limit and set of limits", () => {
    const { denials, learn } = cache();
    const charges = [chargeOf("a"), chargeOf("b")];
    learn(charges, denied(charges, [0, 500]));
    expect(denials.find([chargeOf("b")])).toBeUndefined();
    expect(denials.find([chargeOf("a"), chargeOf("b", { cost: 2 })])).toBeUndefined();
    expect(denials.find([chargeOf("a"), chargeOf("b", { limit: 9 })])).toBeUndefined();
    expect(denials.find([chargeOf("a"), chargeOf("c")])).toBeUndefined();
    expect(denials.find([chargeOf("a"), chargeOf("b")])).toMatchObject({
      limits: [{ waitMs: 0 }, { waitMs: 500 }],
    });
  });

  test("allowed requests and denials that never end are not cached", () => {
    const { denials, learn } = cache();
    const charges = [chargeOf("a"), chargeOf("b")];
    learn(charges, denied(charges, [-1, 500]));
    learn(charges, { ...denied(charges, [0, 0]), allowed: true, retryAfterMs: undefined });
    expect(denials.find(charges)).toBeUndefined();
  });

  test("a refund drops cached denials, and the answers to calls in flight", () => {
    const { denials, learn } = cache();
    const charges = [chargeOf("a")];
    learn(charges, denied(charges, [500]));
    const early = denials.callTime();
    denials.forget(["a"]);
    expect(denials.find(charges)).toBeUndefined();
    denials.learn(charges, early, denied(charges, [500]));
    expect(denials.find(charges)).toBeUndefined();
    learn(charges, denied(charges, [500]));
    denials.forget(["b"]);
    expect(denials.find(charges)).toBeDefined();
  });

  test("the denial cache is bounded and keeps the last used denial", () => {
    const { denials, learn } = cache(4);
    const all = Array.from({ length: 20 }, (_, i) => [chargeOf(`key-${i}`)]);
    for (const charges of all) learn(charges, denied(charges, [500]));
    const kept = all.map((charges) => denials.find(charges) !== undefined);
    expect(kept.filter(Boolean).length).toBeLessThanOrEqual(4);
    expect(kept.slice(-2)).toEqual([true, true]);
  });

  test("limits in shadow have no part in cached denials", () => {
    const { denials, learn } = cache();
    const deciding = chargeOf("a");
    const shadow = { ...chargeOf("s"), group: 1 };
    learn([deciding, shadow], denied([deciding], [500]));
    expect(denials.find([deciding])).toBeDefined();
    expect(denials.find([shadow])).toBeUndefined();
  });
});

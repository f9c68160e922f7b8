import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALGORITHM_NAMES } from "#lib/limit/algorithms/all";
import type { Decision } from "#lib/core/decision";
import { type Charge, statusOf } from "#lib/limit/charge";
import { DenialCache } from "#lib/limit/denial-cache";
import { Model, type ModelLimit } from "../../support/model.ts";
import { chargeOf } from "../../support/charge.ts";

/** What the store decides at a moment, and takes. */
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

/** Denials on a clock of the test's own, and what a store answered to whom it was asked for. */
function known(most?: number) {
  const clock = { now: 5000 };
  const denials = new DenialCache(() => clock.now, most);
  const learn = (charges: readonly Charge[], decision: Decision) =>
    denials.learn(charges, denials.asked(), decision);
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

/** How long after the last one a request comes, and how long it takes to the store and back. */
const requests = fc.array(
  fc.record({
    gap: fc.oneof(fc.nat(50), fc.nat(5000), fc.nat(40_000)),
    there: fc.nat(800),
    back: fc.nat(800),
    elsewhere: fc.boolean(),
  }),
  { minLength: 5, maxLength: 60 },
);

describe("denials that are known", () => {
  test("are never a moment too long, and tell no wait that is too short", () => {
    let found = 0;
    fc.assert(
      fc.property(fc.array(limits, { minLength: 1, maxLength: 3 }), requests, (rules, asked) => {
        const { clock, denials } = known();
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
            // Whoever took since the denial may make everybody wait for longer.
            const isAlone = lastTaken <= (denial.at ?? 0);
            const isTooShort = isAlone && !admitsAt(clock.now + (denial.retryAfterMs ?? 0));
            if (isTooLong || isTooShort) wrong.push(denial);
            continue;
          }
          const asked = denials.asked();
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

  test("last 30 seconds at most, and tell what is really left", () => {
    const { clock, denials, learn } = known();
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

  test("are of the same request: another cost, limit or set of limits is asked for", () => {
    const { denials, learn } = known();
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

  test("are none of what passed, and none of a cost that never has room", () => {
    const { denials, learn } = known();
    const charges = [chargeOf("a"), chargeOf("b")];
    learn(charges, denied(charges, [-1, 500]));
    learn(charges, { ...denied(charges, [0, 0]), allowed: true, retryAfterMs: undefined });
    expect(denials.find(charges)).toBeUndefined();
  });

  test("end with what is given back, also while they are asked for", () => {
    const { denials, learn } = known();
    const charges = [chargeOf("a")];
    learn(charges, denied(charges, [500]));
    const early = denials.asked();
    denials.forget(["a"]);
    expect(denials.find(charges)).toBeUndefined();
    denials.learn(charges, early, denied(charges, [500]));
    expect(denials.find(charges)).toBeUndefined();
    learn(charges, denied(charges, [500]));
    denials.forget(["b"]);
    expect(denials.find(charges)).toBeDefined();
  });

  test("are bounded, and the one that was used last is kept", () => {
    const { denials, learn } = known(4);
    const all = Array.from({ length: 20 }, (_, i) => [chargeOf(`key-${i}`)]);
    for (const charges of all) learn(charges, denied(charges, [500]));
    const kept = all.map((charges) => denials.find(charges) !== undefined);
    expect(kept.filter(Boolean).length).toBeLessThanOrEqual(4);
    expect(kept.slice(-2)).toEqual([true, true]);
  });

  test("of limits in shadow are none of theirs", () => {
    const { denials, learn } = known();
    const deciding = chargeOf("a");
    const shadow = { ...chargeOf("s"), group: 1 };
    learn([deciding, shadow], denied([deciding], [500]));
    expect(denials.find([deciding])).toBeDefined();
    expect(denials.find([shadow])).toBeUndefined();
  });
});

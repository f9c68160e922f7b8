import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALGORITHM_NAMES } from "#lib/limit/algorithms/all";
import { type FleetRequest, runFleet } from "../../support/fleet.ts";
import type { ModelLimit } from "../../support/model.ts";

const rule: fc.Arbitrary<ModelLimit> = fc
  .record({
    algorithm: fc.constantFrom(...ALGORITHM_NAMES),
    limit: fc.oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 40, max: 200 })),
    windowMs: fc.integer({ min: 1000, max: 20_000 }),
    cost: fc.integer({ min: 1, max: 3 }),
  })
  .map((made) => ({ ...made, cost: Math.min(made.cost, made.limit) }));

/** Bursts and pauses, on few or many instances, near the store or far from it. */
const fleet = (lost: fc.Arbitrary<boolean>): fc.Arbitrary<readonly FleetRequest[]> =>
  fc
    .tuple(
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom(1, 20, 200),
      fc.constantFrom(2, 30, 900),
    )
    .chain(([instances, latency, gap]) =>
      fc.array(
        fc.record({
          instance: fc.nat(instances - 1),
          at: fc.oneof(fc.nat(gap), fc.constant(0)),
          there: fc.nat(latency),
          back: fc.nat(latency),
          work: fc.nat(50),
          isLost: lost,
        }),
        { minLength: 20, maxLength: 250 },
      ),
    )
    .map((gaps) => {
      let at = 0;
      return gaps.map((request) => {
        at += request.at;
        return { ...request, at };
      });
    });

describe("an optimistic fleet", () => {
  test("a fleet exceeds the limit by at most instances × min(margin, in flight)", async () => {
    const seen = { over: 0, optimistic: 0 };
    await fc.assert(
      fc.asyncProperty(rule, fleet(fc.constant(false)), async (limit, requests) => {
        const run = await runFleet(limit, "optimistic", requests);
        expect(run.over).toBeLessThanOrEqual(run.bound);
        // Exactly the admitted units are counted.
        expect(run.counted).toBe(run.strict + run.optimistic);
        seen.over = Math.max(seen.over, run.over);
        seen.optimistic += run.optimistic;
      }),
      { numRuns: 1500 },
    );
    // At least one run must exceed the limit, so that the bound is tested.
    expect(seen.over).toBeGreaterThan(0);
    expect(seen.optimistic).toBeGreaterThan(1000);
  });

  test("a fleet exceeds the limit by no more when answers to reports are lost", async () => {
    const lost = { optimistic: 0 };
    await fc.assert(
      fc.asyncProperty(rule, fleet(fc.boolean()), async (limit, requests) => {
        const run = await runFleet(limit, "optimistic", requests);
        expect(run.over).toBeLessThanOrEqual(run.bound);
        lost.optimistic += run.optimistic;
      }),
      { numRuns: 500 },
    );
    expect(lost.optimistic).toBeGreaterThan(100);
  });

  test("a strict fleet admits the limit, and not one unit more", async () => {
    await fc.assert(
      fc.asyncProperty(rule, fleet(fc.constant(false)), async (limit, requests) => {
        const run = await runFleet(limit, "strict", requests);
        expect([run.over > 0, run.optimistic, run.bound]).toEqual([false, 0, 0]);
        expect(run.counted).toBe(run.strict);
      }),
      { numRuns: 200 },
    );
  });
});

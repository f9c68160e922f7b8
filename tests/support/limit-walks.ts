import fc from "fast-check";
import { type Algorithm, ALGORITHM_NAMES, largestLimitOf } from "#lib/limit/algorithms/all";
import type { ModelLimit } from "./model.ts";

export const ALGORITHMS = ALGORITHM_NAMES;

/** A Sunday in 2025, in milliseconds. */
export const START = 1_750_000_000_000;

let serial = 0;

/** Returns new keys in one slot of a cluster. */
export function freshKeys(count: number): string[] {
  serial += 1;
  return Array.from({ length: count }, (_, i) => `test:{${serial}}:${i}`);
}

const windows = fc.oneof(
  fc.constantFrom(10_000, 60_000, 3_600_000),
  fc.integer({ min: 5_000, max: 100_000 }),
);

/** Generates a limit of an algorithm, with a cost up to the limit. */
export const ruleWith = (algorithm: fc.Arbitrary<Algorithm>): fc.Arbitrary<ModelLimit> =>
  fc
    .record({
      algorithm,
      limit: fc.oneof(
        { arbitrary: fc.integer({ min: 1, max: 20 }), weight: 5 },
        { arbitrary: fc.integer({ min: 1_000, max: 300_000 }), weight: 1 },
      ),
      windowMs: windows,
      cost: fc.integer({ min: 1, max: 4 }),
    })
    .map((made) => {
      // A log has an entry for each unit, so it gets small limits. With the other algorithms a request
      // consumes a large part of a large limit, because otherwise a short walk would never reach it.
      const limit = largestLimitOf(made.algorithm) < Infinity ? 1 + (made.limit % 20) : made.limit;
      const share = limit > 20 ? Math.floor(limit / 7) : 1;
      return { ...made, limit, cost: Math.min(made.cost * share, limit) };
    });

/** Generates a limit of any algorithm. */
export const rule = ruleWith(fc.constantFrom(...ALGORITHMS));

/** Generates gaps between requests as parts of a window: bursts, times near an edge, long pauses. */
export const gaps = fc.array(
  fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 30 }).map((n) => n / 1000),
    fc.double({ min: 0, max: 0.4, noNaN: true }),
    fc.constantFrom(1, 0.999, 1.001, 2, 2.5),
  ),
  { minLength: 5, maxLength: 40 },
);

/** The start of a walk after {@link START}, in milliseconds. */
export const offsets = fc.nat(1e9);

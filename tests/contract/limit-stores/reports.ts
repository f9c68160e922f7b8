import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ALGORITHMS,
  freshKeys,
  gaps,
  offsets,
  ruleWith,
  START,
} from "../../support/limit-walks.ts";
import { Model, type ModelLimit } from "../../support/model.ts";
import type { LimitsOn } from "../../support/limit-stores.ts";

/** Tests the recording of units that were allowed already. */
export function testReports(on: LimitsOn): void {
  test("units that were allowed already are recorded whether or not capacity is left", async () => {
    const exact = ruleWith(
      fc.constantFrom(...ALGORITHMS.filter((algorithm) => algorithm !== "token-bucket")),
    );
    const several = fc.array(exact, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(several, gaps, offsets, async (limits, steps, offset) => {
        const keys = freshKeys(limits.length);
        const models = limits.map((each) => new Model(each));
        let now = START + offset;
        for (const [i, step] of steps.entries()) {
          now += Math.round(step * (limits[0]?.windowMs ?? 0));
          const isReport = i % 2 === 1;
          const answer = await on.run(isReport ? "report" : "consume", keys, limits, now);
          expect(answer.passed).toBe(models.every((model) => model.admits(now)));
          if (isReport || answer.passed) for (const model of models) model.take(now);
          expect(answer.limits.map((limit) => limit.remaining)).toEqual(
            models.map((model) => model.remaining(now)),
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  test("a bucket that recorded more than its capacity is full a window later", async () => {
    const keys = freshKeys(1);
    const limits: ModelLimit[] = [
      { algorithm: "token-bucket", limit: 3, windowMs: 60_000, cost: 2 },
    ];
    for (let i = 0; i < 3; i += 1) await on.run("report", keys, limits, START);
    const full = await on.run("consume", keys, limits, START + 20_000);
    expect(full).toMatchObject({ passed: false, limits: [{ remaining: 0, wait: 40_000 }] });
    const after = await on.run("consume", keys, limits, START + 60_000);
    expect(after).toMatchObject({ passed: true, limits: [{ remaining: 1 }] });
  });
}

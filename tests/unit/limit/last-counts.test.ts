import { describe, expect, test } from "vitest";
import { type Charge, type Charged, statusOf } from "#lib/limit/charge";
import { type Admission, LastCounts, marginOf } from "#lib/limit/last-counts";
import { chargeOf } from "../../support/charge.ts";

const LIMIT = { limit: 100 };

function lastCounts(most?: number) {
  const clock = { now: 5000 };
  const counts = new LastCounts(() => clock.now, most);
  const learn = (charge: Charge, remaining: number, at = 1_750_000_000_000) =>
    counts.learn(counts.callTime(), [said(charge, remaining, at)]);
  /** Calls the store now; the returned function takes its answer. */
  const asking = () => {
    const asked = counts.callTime();
    return (charged: readonly Charged[]) => counts.learn(asked, charged);
  };
  /** Reports an admission now; the returned function takes the answer, or nothing if it was lost. */
  const reporting = (admission: Admission) => {
    const asked = counts.callTime();
    return (charged?: readonly Charged[]) => counts.reported(admission, asked, charged);
  };
  return { clock, counts, learn, asking, reporting };
}

function said(charge: Charge, remaining: number, at = 1_750_000_000_000): Charged {
  return { charge, at, status: statusOf(charge.limit, remaining, 0, remaining === 100 ? 0 : 500) };
}

describe("last counts", () => {
  test("a request is not admitted when a count is unknown, or without charges", () => {
    const { counts, learn } = lastCounts();
    const a = chargeOf("a", LIMIT);
    expect(counts.admit([a])).toBeUndefined();
    learn(a, 100);
    expect(counts.admit([])).toBeUndefined();
    expect(counts.admit([a, chargeOf("b", LIMIT)])).toBeUndefined();
    expect(counts.admit([a])).toBeDefined();
  });

  test("a request is admitted while there is capacity beyond the margin, a tenth of the limit", () => {
    expect([1, 10, 11, 1000].map(marginOf)).toEqual([1, 1, 2, 100]);
    const { counts, learn } = lastCounts();
    const [roomy, close] = [chargeOf("roomy", LIMIT), chargeOf("close", LIMIT)];
    learn(roomy, 11);
    learn(close, 10);
    expect(counts.admit([close])).toBeUndefined();
    expect(counts.admit([roomy])).toBeDefined();
    // Units in flight are consumed already.
    expect(counts.admit([roomy])).toBeUndefined();
    expect(counts.admit([chargeOf("roomy", { ...LIMIT, cost: 2 })])).toBeUndefined();
  });

  test("at most the margin is in flight, and the limit's state includes it", () => {
    const { clock, counts, learn, reporting } = lastCounts();
    const a = chargeOf("a", LIMIT);
    learn(a, 100);
    clock.now += 250.7;
    const admitted = Array.from({ length: 10 }, () => counts.admit([a]));
    expect(counts.admit([a])).toBeUndefined();
    expect(admitted.map((one) => one?.limits[0]?.remaining)).toEqual([
      99, 98, 97, 96, 95, 94, 93, 92, 91, 90,
    ]);
    expect(admitted[0]).toMatchObject({
      at: 1_750_000_000_250,
      limits: [{ rule: "search", limit: 100, waitMs: 0, resetMs: 16_000 }],
    });
    reporting(admitted[0] as Admission)([said(a, 99, 1_750_000_000_300)]);
    clock.now += 100;
    const next = counts.admit([a]);
    expect(next?.limits[0]).toMatchObject({ remaining: 89, resetMs: 400 });
    expect(counts.admit([a])).toBeUndefined();
  });

  test("an answer that is older on the store's clock than a known one is ignored", () => {
    const { clock, counts, learn, asking } = lastCounts();
    const a = chargeOf("a", LIMIT);
    const overtaken = Array.from({ length: 4 }, asking);
    const hear = (remaining: number, at: number) => overtaken.pop()?.([said(a, remaining, at)]);
    clock.now += 5;
    learn(a, 5, 2000);
    hear(90, 1999);
    hear(90, 2000);
    expect(counts.admit([a])).toBeUndefined();
    hear(90, 2001);
    expect(counts.admit([a])).toBeDefined();
    hear(5, 2001);
    expect(counts.admit([a])).toBeUndefined();
  });

  test("the answer to a later call is used even when the store's clock stepped back", () => {
    const { clock, counts, learn, asking, reporting } = lastCounts();
    const a = chargeOf("a", LIMIT);
    learn(a, 90, 3_600_000);
    clock.now += 1;
    learn(a, 5, 1000);
    expect(counts.admit([a])).toBeUndefined();
    const early = asking();
    clock.now += 1;
    learn(a, 90, 1002);
    const admission = counts.admit([a]);
    early([said(a, 5, 1001)]);
    expect(counts.admit([a])).toBeDefined();
    const reported = reporting(admission as Admission);
    clock.now += 1;
    learn(a, 80, 900);
    reported([said(a, 3, 901)]);
    expect(counts.admit([a])).toBeUndefined();
  });

  test("a request is not admitted when the count is ten seconds old or a report was lost", () => {
    const { clock, counts, learn, asking, reporting } = lastCounts();
    const a = chargeOf("a", LIMIT);
    learn(a, 90, 1000);
    clock.now += 10_000;
    const last = counts.admit([a]);
    expect(last).toBeDefined();
    clock.now += 1;
    expect(counts.admit([a])).toBeUndefined();
    const early = asking();
    clock.now += 1;
    learn(a, 89, 2000);
    expect(counts.admit([a])).toBeDefined();
    reporting(last as Admission)();
    expect(counts.admit([a])).toBeUndefined();
    early([said(a, 89, 1500)]);
    expect(counts.admit([a])).toBeUndefined();
    learn(a, 89, 2001);
    expect(counts.admit([a])).toBeDefined();
  });

  test("a request is not admitted when the limit of its tier differs from the known one", () => {
    const { counts, learn } = lastCounts();
    learn(chargeOf("a", LIMIT), 90);
    expect(counts.admit([chargeOf("a", { limit: 50 })])).toBeUndefined();
  });

  test("last counts are bounded and keep counts with units in flight", () => {
    const { counts, learn } = lastCounts(2);
    const [a, b, c] = [chargeOf("a", LIMIT), chargeOf("b", LIMIT), chargeOf("c", LIMIT)];
    for (const charge of [a, b, c]) learn(charge, 90);
    expect([a, b, c].map((charge) => counts.admit([charge]) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
    // Both counts have a unit in flight, so there is no place for another.
    learn(a, 90);
    expect(counts.admit([a])).toBeUndefined();
    expect(counts.admit([b])?.limits[0]?.remaining).toBe(88);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Algorithm } from "#lib/limit/algorithms/all";
import type { Charge } from "#lib/limit/charge";
import { LocalLimits } from "#lib/limit/local";
import { chargeOf as charge } from "../../support/charge.ts";

const WINDOW_MS = 16_000;

function local(mostKeys?: number) {
  const clock = { now: 1000.5 };
  const limits = new LocalLimits(() => clock.now, mostKeys);
  const take = (...charges: Charge[]) => {
    const checked = limits.check("take", charges);
    return { ...checked, allowed: checked.limits.every(({ waitMs }) => waitMs === 0) };
  };
  return { limits, clock, take };
}

describe("local limits", () => {
  test("local limits report the same state as limits in the store", () => {
    const { take, clock } = local();
    expect(take(charge("a", { cost: 3 }))).toMatchObject({
      allowed: true,
      limits: [{ rule: "search", limit: 5, remaining: 2, waitMs: 0, resetMs: WINDOW_MS }],
    });
    clock.now += 1000;
    expect(take(charge("a", { cost: 3 }))).toMatchObject({
      allowed: false,
      limits: [{ remaining: 2, waitMs: WINDOW_MS - 1000, resetMs: WINDOW_MS - 1000 }],
    });
    expect(take(charge("a", { cost: 2 })).allowed).toBe(true);
    expect(take(charge("a", { cost: 6 })).limits[0]?.waitMs).toBeUndefined();
    expect(take(charge("b")).limits[0]?.remaining).toBe(4);
  });

  test("local limits are counted by each limit's own algorithm", () => {
    const { take, clock } = local();
    clock.now = WINDOW_MS - 1;
    const full = { cost: 5 };
    const waits = (...algorithms: readonly Algorithm[]) =>
      algorithms.map((algorithm) => {
        const only = charge(algorithm, { algorithm, ...full });
        take(only);
        return take(only).limits[0]?.waitMs;
      });
    expect(waits("fixed-window", "token-bucket", "sliding-window", "sliding-log")).toEqual([
      1,
      WINDOW_MS,
      1 + WINDOW_MS,
      WINDOW_MS,
    ]);
    clock.now += 1;
    expect(take(charge("fixed-window", { algorithm: "fixed-window", ...full })).allowed).toBe(true);
  });

  test("takePending returns the units of each algorithm without the refunded ones", () => {
    const { take, clock, limits } = local();
    const bucket = charge("bucket", { algorithm: "token-bucket", cost: 4 });
    const taken = take(bucket);
    clock.now += WINDOW_MS / 5;
    // One of the four units has refilled since.
    expect(taken.refund()).toBe(3);
    expect(limits.takePending()).toMatchObject([{ taken: [{ ageMs: WINDOW_MS / 5, units: 1 }] }]);
  });

  test("local limits consume from all or from none, and peek consumes nothing", () => {
    const { limits, take } = local();
    take(charge("full", { limit: 1 }));
    expect(take(charge("free"), charge("full", { limit: 1 })).allowed).toBe(false);
    limits.check("peek", [charge("free")]);
    expect(take(charge("free")).limits[0]?.remaining).toBe(4);
  });

  test("a refund returns only the units of its check", () => {
    const { take, clock } = local();
    const first = take(charge("a", { cost: 4 }));
    const denied = take(charge("a", { cost: 2 }));
    expect([denied.allowed, denied.refund()]).toEqual([false, 0]);
    clock.now += 5000;
    expect(first.refund()).toBe(4);
    expect(take(charge("a", { cost: 5 })).allowed).toBe(true);
  });

  test("a refund after the window returns no units of later checks", () => {
    const { take, clock } = local();
    const first = take(charge("a", { cost: 3 }));
    clock.now += 8_000;
    take(charge("a", { cost: 2 }));
    clock.now += WINDOW_MS - 8_000;
    take(charge("a", { cost: 1 }));
    expect(first.refund()).toBe(0);
    expect(take(charge("a")).limits[0]?.remaining).toBe(1);
  });

  test("a refund returns the units of one check among others of the same slot", () => {
    const { take, clock } = local();
    const first = take(charge("a", { cost: 2 }));
    clock.now += 1;
    take(charge("a", { cost: 1 }));
    clock.now += 1;
    const last = take(charge("a", { cost: 2 }));
    expect([first.refund(), last.refund()]).toEqual([2, 2]);
    expect(take(charge("a")).limits[0]?.remaining).toBe(3);
  });

  test("local limits admit at most the limit in any window, and admit a client after its wait", () => {
    const step = fc.record({
      ms: fc.oneof(fc.nat({ max: 400 }), fc.nat({ max: 20_000 })),
      cost: fc.integer({ min: 1, max: 3 }),
      waits: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.integer({ min: 3, max: 9 }),
        (steps, limit) => {
          const { take, clock } = local();
          const admitted: { at: number; units: number }[] = [];
          const ask = (cost: number) => {
            const checked = take(charge("a", { limit, cost }));
            if (checked.allowed) admitted.push({ at: clock.now, units: cost });
            return checked;
          };
          const wrongWaits: number[] = [];
          for (const { ms, cost, waits } of steps) {
            clock.now += ms;
            const { allowed, limits } = ask(cost);
            if (allowed || !waits) continue;
            clock.now += limits[0]?.waitMs ?? 0;
            if (!ask(cost).allowed) wrongWaits.push(clock.now);
          }
          const most = admitted.map(({ at }) =>
            admitted
              .filter((other) => other.at <= at && other.at > at - WINDOW_MS)
              .reduce((sum, { units }) => sum + units, 0),
          );
          expect(wrongWaits).toEqual([]);
          expect(Math.max(0, ...most)).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });

  test("local limits are bounded and drop clients that were not seen for long", () => {
    const { take, limits } = local(4);
    const full = () => take(charge("full", { limit: 2 })).allowed;
    expect([full(), full(), full()]).toEqual([true, true, false]);
    for (let i = 0; i < 20; i += 1) {
      take(charge(`key-${i}`, { limit: 2 }));
      expect(full()).toBe(false);
    }
    expect(limits.takePending().length).toBeLessThanOrEqual(4);
  });

  test("a key has at most 17 slots after many checks", () => {
    const { take, clock, limits } = local();
    for (let i = 0; i < 5000; i += 1) {
      clock.now += 5;
      take(charge("a", { limit: 100_000 }));
    }
    const [count] = limits.takePending();
    expect(count?.taken.length).toBeLessThanOrEqual(17);
    expect(count?.taken.reduce((sum, { units }) => sum + units, 0)).toBeGreaterThan(3000);
  });

  test("takePending returns units once with their ages, without expired ones, and they still count locally", () => {
    const { take, clock, limits } = local();
    expect(limits.hasPending()).toBe(false);
    take(charge("old", { windowMs: 1000 }));
    take(charge("a", { cost: 2 }));
    clock.now += 3000;
    take(charge("a"));
    clock.now += 500;
    expect(limits.hasPending()).toBe(true);
    expect(limits.takePending()).toMatchObject([
      {
        charge: { key: "a" },
        taken: [
          { ageMs: 3500, units: 2 },
          { ageMs: 500, units: 1 },
        ],
      },
    ]);
    expect([limits.hasPending(), limits.takePending()]).toEqual([false, []]);
    expect(take(charge("a", { cost: 2 })).limits[0]?.remaining).toBe(0);
    expect(limits.takePending().map(({ taken }) => taken.map(({ units }) => units))).toEqual([[2]]);
  });
});

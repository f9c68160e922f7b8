import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Held, startRenewal } from "#lib/core/renewal";

const DAY_MS = 24 * 3600 * 1000;

// The longest TTL is 31 days, so the tests use fake timers.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function start(options: Pick<Held, "ttl" | "maxHold"> & Partial<Held>) {
  const seen = { extended: [] as number[], failures: [] as unknown[], lost: [] as string[] };
  const renewal = startRenewal({
    requestedAt: performance.now(),
    async extend(ms) {
      seen.extended.push(ms);
      return true;
    },
    onFailure: (error) => void seen.failures.push(error),
    onLost: (why) => void seen.lost.push(why),
    ...options,
  });
  return { ...seen, renewal };
}

describe("a renewal", () => {
  test("a renewal happens at each third of the TTL, and stops when it is ended", async () => {
    const { extended, lost, renewal } = start({ ttl: 30_000, maxHold: 900_000 });
    await vi.advanceTimersByTimeAsync(35_000);
    expect(extended).toEqual([30_000, 30_000, 30_000]);
    renewal.end();
    await vi.advanceTimersByTimeAsync(900_000);
    expect(extended).toHaveLength(3);
    expect(lost).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a renewal continues when its listener throws, and the process does not end", async () => {
    const fails = () => {
      throw new Error("the listener failed");
    };
    let calls = 0;
    const { lost } = start({
      ttl: 30_000,
      maxHold: 900_000,
      onFailure: fails,
      onLost: fails,
      async extend() {
        calls += 1;
        throw new Error("the store failed");
      },
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toBeGreaterThan(1);
    expect(lost).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("the renewal that reaches maxHold is the last, and the end of its TTL is reported once", async () => {
    const { extended, lost } = start({ ttl: 30_000, maxHold: 45_000 });
    await vi.advanceTimersByTimeAsync(44_000);
    expect(extended).toEqual([30_000, 25_000]);
    expect(lost).toEqual([]);
    await vi.advanceTimersByTimeAsync(900_000);
    expect(extended).toHaveLength(2);
    expect(lost).toEqual(["ended"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([10_000, 30_000])(
    "no renewal happens with a maxHold of %d ms for a TTL of 30 s",
    async (maxHold) => {
      const { extended, lost } = start({ ttl: 30_000, maxHold });
      await vi.advanceTimersByTimeAsync(60_000);
      expect([extended, lost]).toEqual([[], ["ended"]]);
    },
  );

  test("a lock whose TTL exceeds the longest timer is not lost at once", async () => {
    const { extended, lost, renewal } = start({ ttl: 31 * DAY_MS, maxHold: 60_000 });
    await vi.advanceTimersByTimeAsync(30 * DAY_MS);
    expect([lost, renewal.isOver()]).toEqual([[], false]);
    await vi.advanceTimersByTimeAsync(DAY_MS);
    expect([extended, lost]).toEqual([[], ["ended"]]);
  });

  test("a failed renewal is tried again, and the loss is reported when the TTL is over", async () => {
    const { failures, lost } = start({
      ttl: 30_000,
      maxHold: 900_000,
      extend: () => Promise.reject(new Error("The store is unavailable.")),
    });
    await vi.advanceTimersByTimeAsync(29_000);
    expect([failures.length, lost]).toEqual([7, []]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([failures.length, lost]).toEqual([7, ["ended"]]);
  });

  test("a renewal that finds another holder reports the loss and is not tried again", async () => {
    let asked = 0;
    const extend = async () => {
      asked += 1;
      return false;
    };
    const { lost, renewal } = start({ ttl: 30_000, maxHold: 900_000, extend });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([asked, lost, renewal.isOver()]).toEqual([1, ["taken"], true]);
  });
});

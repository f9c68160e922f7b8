import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ScriptStore } from "#lib/redis/script-store";
import { StoreError } from "#lib/redis/errors";
import { keyNames } from "#lib/redis/keys";
import { type CounterOptions, countEvents } from "#lib/metrics";

const LOCK = { kind: "lock", state: "acquired" } as const;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Makes counters over a store that answers at once. `writes` has the arguments of each write. */
function counters(options: CounterOptions = {}, { batches = false } = {}) {
  const writes: (readonly string[])[] = [];
  const store = { isDown: false };
  const redis: ScriptStore = {
    deadlineMs: 500,
    async evalsha(_, __, args) {
      if (store.isDown) throw new StoreError("STORE_UNREACHABLE", "down");
      writes.push(args);
      return 1;
    },
    eval: async () => 1,
    pipeline: () => {
      throw new Error("Counters send no pipeline.");
    },
  };
  const listener = countEvents(options)({ redis, keys: keyNames("test"), batches });
  return { listener, writes, store };
}

describe("the window of counters", () => {
  test.each([
    ["2 s under our own server", {}, true, 2_000],
    ["2 s under our own server, for Upstash's console too", { upstashConsole: true }, true, 2_000],
    ["10 s elsewhere", {}, false, 10_000],
    ["13 s elsewhere, for Upstash's console too", { upstashConsole: true }, false, 13_000],
    ["as long as it is set", { windowMs: 25_000 }, false, 25_000],
  ])("the window of counters is %s", async (_, options, batches, windowMs) => {
    const { listener, writes } = counters(options, { batches });
    listener(LOCK);
    await vi.advanceTimersByTimeAsync(windowMs - 1);
    expect(writes).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    // The first write of a process waits for the hash of its script, which no fake timer speeds up.
    await vi.waitFor(() => expect(writes).toHaveLength(1));
  });

  test.each([99, 25_001, Number.NaN])("the window of counters must not be %s ms", (windowMs) => {
    expect(() => countEvents({ windowMs })).toThrow(
      `countEvents: windowMs must be 100 to 25000, not ${windowMs}.`,
    );
  });

  test("the window of counters is the same for all events within it", async () => {
    const { listener, writes } = counters();
    for (let i = 0; i < 5; i += 1) listener(LOCK);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(writes).toHaveLength(1);
    expect(writes[0]?.join(" ")).toMatch(
      /^1 3600 test:\{counters\}:changed hash 604800 1 locks_total acquired 5 hash 172800 1 \d+ \(locks\) acquired 5$/,
    );
    await vi.advanceTimersByTimeAsync(60_000);
    expect(writes).toHaveLength(1);
  });

  test("the window of counters is opened again when its platform stopped it before the write", async () => {
    const { listener, writes } = counters();
    // A platform that ends the request also ends its timers.
    listener(LOCK);
    vi.clearAllTimers();
    await vi.advanceTimersByTimeAsync(15_001);
    listener(LOCK);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(writes.map((args) => args.slice(5, 8))).toEqual([["1", "locks_total acquired", "2"]]);
  });
});

test("a write that failed is sent again with its number, and later counts follow in the next write", async () => {
  const { listener, writes, store } = counters();
  store.isDown = true;
  listener(LOCK);
  await vi.advanceTimersByTimeAsync(10_000);
  listener(LOCK);
  listener(LOCK);
  await vi.advanceTimersByTimeAsync(10_000);
  store.isDown = false;
  listener(LOCK);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(writes.map((args) => [args[0], args[7]])).toEqual([
    ["1", "1"],
    ["2", "3"],
  ]);
});

test("a write that failed for 50 minutes is dropped, because Redis would no longer know it", async () => {
  const { listener, writes, store } = counters();
  store.isDown = true;
  for (let i = 0; i < 2; i += 1) {
    listener(LOCK);
    await vi.advanceTimersByTimeAsync(51 * 60_000);
  }
  store.isDown = false;
  listener(LOCK);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(writes.map((args) => [args[0], args[7]])).toEqual([
    ["2", "1"],
    ["3", "1"],
  ]);
});

test("an error of waitUntil is ignored", async () => {
  const waitUntil = () => {
    throw new Error("no request");
  };
  const { listener, writes } = counters({ waitUntil });
  listener(LOCK);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(writes).toHaveLength(1);
});

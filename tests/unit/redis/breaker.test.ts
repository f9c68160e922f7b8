import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { type Attempt, type Breaker, type BreakerChange, createBreaker } from "#lib/redis/breaker";
import { StoreError } from "#lib/redis/errors";

const PROBE_MS = 600;
const failure = (code: "STORE_TIMEOUT" | "STORE_UNREACHABLE" = "STORE_UNREACHABLE") =>
  new StoreError(code, "the store is away");

let now = 0;
let changes: BreakerChange[] = [];
let breaker: Breaker;

beforeEach(() => {
  now = 5000;
  changes = [];
  breaker = createBreaker({
    probeMs: PROBE_MS,
    onChange: (it) => void changes.push(it),
    clock: () => now,
  });
});

function admitted(): Attempt {
  const attempt = breaker.admit();
  if (attempt instanceof StoreError) throw new Error("The breaker is open.");
  return attempt;
}

const isTried = () => !(breaker.admit() instanceof StoreError);

function fail(times: number): void {
  for (let i = 0; i < times; i += 1) admitted().failed(failure());
}

describe("a breaker", () => {
  test("opens after five failures in a row, says so once, and answers with the last", () => {
    fail(4);
    admitted().succeeded();
    fail(4);
    expect(changes).toEqual([]);
    const last = failure("STORE_TIMEOUT");
    admitted().failed(last);
    expect(changes).toEqual([{ state: "open", error: last }]);
    expect(breaker.admit()).toBe(last);
  });

  test("lets one call at a time try the way back, after 100 ms doubling to 3 s", () => {
    fail(5);
    const waits: number[] = [];
    for (let probe = 0; probe < 8; probe += 1) {
      const since = now;
      while (!isTried()) now += 1;
      waits.push(now - since);
      expect(isTried()).toBe(false);
      // Nothing was heard of that one; the next is the one that fails.
      now += PROBE_MS;
      admitted().failed(failure());
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3000, 3000, 3000]);
    expect(changes).toHaveLength(1);
  });

  test("closes when a probe succeeds, and then begins anew", () => {
    fail(5);
    now += 100;
    admitted().failed(failure("STORE_TIMEOUT"));
    now += 200;
    admitted().succeeded();
    expect(changes.map(({ state, error }) => [state, error.code])).toEqual([
      ["open", "STORE_UNREACHABLE"],
      ["closed", "STORE_TIMEOUT"],
    ]);
    fail(4);
    expect(isTried()).toBe(true);
    admitted().failed(failure());
    now += 99;
    expect(isTried()).toBe(false);
    now += 1;
    expect(isTried()).toBe(true);
  });

  test("is told nothing new by calls from before it opened that fail, and closed by one that succeeds", () => {
    const slow = [admitted(), admitted(), admitted()];
    fail(5);
    slow[0]?.failed(failure());
    slow[1]?.failed(failure());
    expect(changes).toHaveLength(1);
    now += 100;
    expect(isTried()).toBe(true);
    slow[2]?.succeeded();
    expect(changes.map(({ state }) => state)).toEqual(["open", "closed"]);
  });

  test("tries another where a probe's request went away without a word", () => {
    fail(5);
    now += 100;
    expect(isTried()).toBe(true);
    now += PROBE_MS - 1;
    expect(isTried()).toBe(false);
    now += 1;
    expect(isTried()).toBe(true);
  });

  test("whatever happens, is never without a try for longer than the longest wait and a probe", () => {
    const step = fc.record({ ms: fc.nat({ max: 4000 }), succeeds: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let tried = now;
        const untried: number[] = [0];
        for (const { ms, succeeds } of steps) {
          now += ms;
          const attempt = breaker.admit();
          if (attempt instanceof StoreError) {
            untried.push(now - tried);
            continue;
          }
          tried = now;
          if (succeeds) attempt.succeeded();
          else attempt.failed(failure());
        }
        expect(Math.max(...untried)).toBeLessThan(3000 + PROBE_MS);
      }),
    );
  });
});

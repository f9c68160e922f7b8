import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { type Attempt, Breaker, type BreakerChange, type Outcome } from "#lib/redis/breaker";
import { StoreError } from "#lib/redis/errors";

const PROBE_MS = 600;
const failure = (code: "STORE_TIMEOUT" | "STORE_UNREACHABLE" = "STORE_UNREACHABLE") =>
  new StoreError(code, "the store is unavailable");

const WORKS: Outcome = { kind: "works" };
const ANSWERS: Outcome = { kind: "answers" };
const failed = (error = failure()): Outcome => ({ kind: "fails", error, rejectsScripts: false });
const rejected = (error = full()): Outcome => ({ kind: "fails", error, rejectsScripts: true });
const full = () => new StoreError("STORE_OUT_OF_MEMORY", "Redis answered OOM.", { reply: "OOM" });

let now = 0;
let changes: BreakerChange[] = [];
let breaker: Breaker;

beforeEach(() => {
  now = 5000;
  changes = [];
  breaker = new Breaker({
    probeMs: PROBE_MS,
    onChange: (it) => void changes.push(it),
    clock: () => now,
  });
});

function admitted(runsScripts = true): Attempt {
  const attempt = breaker.admit(runsScripts);
  if (attempt instanceof StoreError) throw new Error("The breaker is open.");
  return attempt;
}

const isTried = (runsScripts = true) => !(breaker.admit(runsScripts) instanceof StoreError);

function fail(times: number): void {
  for (let i = 0; i < times; i += 1) admitted().ended(failed());
}

describe("a breaker", () => {
  test("a breaker opens after five failures in a row, reports it once, and returns the last failure", () => {
    fail(4);
    admitted().ended(WORKS);
    fail(4);
    expect(changes).toEqual([]);
    const last = failure("STORE_TIMEOUT");
    admitted().ended(failed(last));
    expect(changes).toEqual([{ state: "open", error: last }]);
    expect(breaker.admit(true)).toBe(last);
  });

  test("an open breaker admits one probe at a time, after 100 ms that double up to 3 s", () => {
    fail(5);
    const waits: number[] = [];
    for (let probe = 0; probe < 8; probe += 1) {
      const since = now;
      while (!isTried()) now += 1;
      waits.push(now - since);
      expect(isTried()).toBe(false);
      // That probe has no result; the next one fails.
      now += PROBE_MS;
      admitted().ended(failed());
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3000, 3000, 3000]);
    expect(changes).toHaveLength(1);
  });

  test("a breaker closes when a probe succeeds, and counts failures from zero again", () => {
    fail(5);
    now += 100;
    admitted().ended(failed(failure("STORE_TIMEOUT")));
    now += 200;
    admitted().ended(WORKS);
    expect(changes.map(({ state, error }) => [state, error.code])).toEqual([
      ["open", "STORE_UNREACHABLE"],
      ["closed", "STORE_TIMEOUT"],
    ]);
    fail(4);
    expect(isTried()).toBe(true);
    admitted().ended(failed());
    now += 99;
    expect(isTried()).toBe(false);
    now += 1;
    expect(isTried()).toBe(true);
  });

  test("an open breaker ignores failures of calls from before it opened, and closes when one of them succeeds", () => {
    const slow = [admitted(), admitted(), admitted()];
    fail(5);
    slow[0]?.ended(failed());
    slow[1]?.ended(failed());
    expect(changes).toHaveLength(1);
    now += 100;
    expect(isTried()).toBe(true);
    slow[2]?.ended(WORKS);
    expect(changes.map(({ state }) => state)).toEqual(["open", "closed"]);
  });

  test("an open breaker admits another probe when the first has no result in time", () => {
    fail(5);
    now += 100;
    expect(isTried()).toBe(true);
    now += PROBE_MS - 1;
    expect(isTried()).toBe(false);
    now += 1;
    expect(isTried()).toBe(true);
  });

  test("a breaker that rejected scripts opened admits other commands, and closes only after a script", () => {
    for (let i = 0; i < 5; i += 1) {
      admitted().ended(rejected());
      admitted(false).ended(ANSWERS);
    }
    expect(changes).toMatchObject([{ state: "open", error: { code: "STORE_OUT_OF_MEMORY" } }]);
    expect([isTried(), isTried(false)]).toEqual([false, true]);
    now += 100;
    admitted(false).ended(ANSWERS);
    expect(changes).toHaveLength(1);
    admitted().ended(WORKS);
    expect(changes.map(({ state }) => state)).toEqual(["open", "closed"]);
  });

  test("a breaker that rejected scripts opened admits the next script at once when a probe is no evidence", () => {
    for (let i = 0; i < 5; i += 1) admitted().ended(rejected());
    now += 100;
    admitted().ended(ANSWERS);
    expect(changes).toHaveLength(1);
    expect(isTried()).toBe(true);
    expect(isTried()).toBe(false);
  });

  test("a breaker that rejected scripts opened admits no command after another finds that the connection fails", () => {
    for (let i = 0; i < 5; i += 1) admitted().ended(rejected());
    admitted(false).ended(failed());
    expect(isTried(false)).toBe(false);
    now += 100;
    admitted(false).ended(ANSWERS);
    expect(changes.map(({ state }) => state)).toEqual(["open", "closed"]);
  });

  test("the pause between two admitted calls never exceeds the longest wait and a probe", () => {
    const step = fc.record({ ms: fc.nat({ max: 4000 }), succeeds: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let tried = now;
        const untried: number[] = [0];
        for (const { ms, succeeds } of steps) {
          now += ms;
          const attempt = breaker.admit(true);
          if (attempt instanceof StoreError) {
            untried.push(now - tried);
            continue;
          }
          tried = now;
          if (succeeds) attempt.ended(WORKS);
          else attempt.ended(failed());
        }
        expect(Math.max(...untried)).toBeLessThan(3000 + PROBE_MS);
      }),
    );
  });
});

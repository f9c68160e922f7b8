import { describe, expect, test } from "vitest";
import { StoreError } from "#lib/redis/errors";
import { watchStore } from "#lib/observe/store-watch";

function watched() {
  let at = 1_000_000;
  const watch = watchStore(() => at);
  return {
    watch,
    pass: (ms: number) => void (at += ms),
    call: (tookMs: number, error?: Error) =>
      watch.listener({
        kind: "store",
        command: "EVALSHA",
        commands: 1,
        tookMs,
        ...(error && { error }),
      }),
  };
}

const failure = (code: ConstructorParameters<typeof StoreError>[0]) =>
  new StoreError(code, "EVALSHA: a failure of the tests.");

describe("the store calls of the last minute", () => {
  test("watchStore has no calls and no percentiles before the first call", () => {
    expect(watched().watch.lastMinute()).toStrictEqual({
      calls: 0,
      failed: 0,
      notSent: 0,
      p50Ms: undefined,
      p95Ms: undefined,
    });
  });

  test("watchStore has p50 and p95 to within 10 % of the exact values", () => {
    const { watch, call } = watched();
    for (let ms = 1; ms <= 1000; ms += 1) call(ms);
    const { calls, p50Ms = 0, p95Ms = 0 } = watch.lastMinute();
    expect(calls).toBe(1000);
    expect(p50Ms).toBeGreaterThanOrEqual(500);
    expect(p50Ms).toBeLessThan(550.1);
    expect(p95Ms).toBeGreaterThanOrEqual(950);
    expect(p95Ms).toBeLessThan(1045.1);
  });

  test.each([0, 0.001, 0.05, 60_000, 1e9])("watchStore records a call of %d ms", (ms) => {
    const { watch, call } = watched();
    call(ms);
    const { p95Ms = -1 } = watch.lastMinute();
    expect(p95Ms).toBeGreaterThanOrEqual(Math.min(ms, 60_000));
    expect(watch.lastMinute().calls).toBe(1);
  });

  test("watchStore drops calls after a minute, and not before 55 s", () => {
    const { watch, pass, call } = watched();
    call(1, failure("STORE_TIMEOUT"));
    pass(55_000 - 1);
    expect(watch.lastMinute()).toMatchObject({ calls: 1, failed: 1 });
    call(1);
    pass(5_001);
    expect(watch.lastMinute()).toMatchObject({ calls: 1, failed: 0 });
    pass(3_600_000);
    expect(watch.lastMinute().calls).toBe(0);
  });

  test("watchStore starts a slice at zero when its place is used again", () => {
    const { watch, pass, call } = watched();
    call(1);
    pass(60_000);
    call(1);
    expect(watch.lastMinute().calls).toBe(1);
  });

  test("watchStore separates failed calls, calls that were not sent, and commands that Redis rejected", () => {
    const { watch, call } = watched();
    call(1, failure("STORE_REJECTED"));
    call(1, new Error("of another kind"));
    call(500, failure("STORE_TIMEOUT"));
    call(0, failure("STORE_NOT_TRIED"));
    expect(watch.lastMinute()).toMatchObject({ calls: 3, failed: 2, notSent: 1 });
  });

  test("watchStore has the state of the breaker", () => {
    const { watch } = watched();
    const error = failure("STORE_TIMEOUT");
    expect(watch.breaker).toBe("closed");
    watch.listener({ kind: "breaker", state: "open", error });
    expect(watch.breaker).toBe("open");
    watch.listener({ kind: "breaker", state: "closed", error });
    expect(watch.breaker).toBe("closed");
  });
});

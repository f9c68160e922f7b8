import { describe, expect, test, vi } from "vitest";
import { storeState } from "#app/_domain/store-state";
import { StoreError } from "#lib/redis/errors";

const refused = new StoreError("STORE_UNAUTHORIZED", "EVAL: the store refused our token.");

function stateOf(...failures: (StoreError | undefined)[]) {
  let at = 0;
  const ask = vi.fn<() => Promise<StoreError | undefined>>(async () => failures.shift());
  const pass = (ms: number) => void (at += ms);
  return { ask, pass, state: storeState({ ask, now: () => at }) };
}

describe("the state of the store", () => {
  test("is asked once in ten seconds, however often it is looked at", async () => {
    const { ask, pass, state } = stateOf();
    for (let i = 0; i < 100; i += 1) expect(await state()).toBe("ok");
    expect(ask).toHaveBeenCalledTimes(1);
    pass(9_999);
    await state();
    expect(ask).toHaveBeenCalledTimes(1);
    pass(1);
    await state();
    expect(ask).toHaveBeenCalledTimes(2);
  });

  test("is the code of a failure, and asked again after three seconds", async () => {
    const { ask, pass, state } = stateOf(refused);
    expect(await state()).toBe("STORE_UNAUTHORIZED");
    pass(2_999);
    expect(await state()).toBe("STORE_UNAUTHORIZED");
    pass(1);
    expect(await state()).toBe("ok");
    expect(ask).toHaveBeenCalledTimes(2);
  });

  test("is the last failure's code while calls are not tried", async () => {
    const untried = new StoreError("STORE_NOT_TRIED", "EVAL: not sent.", { cause: refused });
    expect(await stateOf(untried).state()).toBe("STORE_UNAUTHORIZED");
  });

  test("waits for a slow store no longer than a second, and only in one request", async () => {
    vi.useFakeTimers();
    try {
      let answer: (failure: undefined) => void = () => {};
      const slow = new Promise<undefined>((resolve) => {
        answer = resolve;
      });
      const state = storeState({ ask: () => slow, now: () => 0 });
      const first = state();
      expect(await state()).toBe("unknown");
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await first).toBe("STORE_TIMEOUT");
      answer(undefined);
      await slow;
      expect(await state()).toBe("ok");
    } finally {
      vi.useRealTimers();
    }
  });
});

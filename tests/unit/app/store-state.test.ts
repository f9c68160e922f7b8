import { describe, expect, test, vi } from "vitest";
import { storeState } from "#app/_domain/store-state";
import { StoreError } from "#lib/redis/errors";

const rejected = new StoreError("STORE_UNAUTHORIZED", "EVAL: the store refused our token.");

/** Makes a state whose calls run when `respond` is called. */
function stateOf(...failures: (StoreError | undefined)[]) {
  let at = 0;
  const call = vi.fn<() => Promise<StoreError | undefined>>(async () => failures.shift());
  const pass = (ms: number) => void (at += ms);
  const state = storeState({ call, now: () => at });
  const deferred: (() => Promise<void>)[] = [];
  const look = () => state((work) => void deferred.push(work));
  const respond = async () => {
    for (const work of deferred.splice(0)) await work();
  };
  return { call, pass, look, respond };
}

describe("the state of the store", () => {
  test("the store is called once in ten seconds, however often the state is read", async () => {
    const { call, pass, look, respond } = stateOf();
    look();
    await respond();
    for (let i = 0; i < 100; i += 1) expect(look()).toBe("ok");
    await respond();
    expect(call).toHaveBeenCalledTimes(1);
    pass(9_999);
    look();
    await respond();
    expect(call).toHaveBeenCalledTimes(1);
    pass(1);
    look();
    await respond();
    expect(call).toHaveBeenCalledTimes(2);
  });

  test("the state is the code of a failure, and the store is called again after three seconds", async () => {
    const { call, pass, look, respond } = stateOf(rejected);
    look();
    await respond();
    expect(look()).toBe("STORE_UNAUTHORIZED");
    pass(2_999);
    expect(look()).toBe("STORE_UNAUTHORIZED");
    expect(call).toHaveBeenCalledTimes(1);
    pass(1);
    look();
    await respond();
    expect(look()).toBe("ok");
    expect(call).toHaveBeenCalledTimes(2);
  });

  test("the state is the last failure's code while calls are not tried", async () => {
    const untried = new StoreError("STORE_NOT_TRIED", "EVAL: not sent.", { cause: rejected });
    const { look, respond } = stateOf(untried);
    look();
    await respond();
    expect(look()).toBe("STORE_UNAUTHORIZED");
  });

  test("the state is returned without a call, so that no request waits for the store", async () => {
    const { call, look, respond } = stateOf();
    expect(look()).toBe("unknown");
    expect(call).not.toHaveBeenCalled();
    await respond();
    expect(call).toHaveBeenCalledTimes(1);
    expect(look()).toBe("ok");
  });
});

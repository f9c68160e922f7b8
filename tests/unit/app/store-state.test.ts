import { describe, expect, test, vi } from "vitest";
import { storeState } from "#app/_domain/store-state";
import { StoreError } from "#lib/redis/errors";

const refused = new StoreError("STORE_UNAUTHORIZED", "EVAL: the store refused our token.");

/** A state whose calls are made when the responses are out. */
function stateOf(...failures: (StoreError | undefined)[]) {
  let at = 0;
  const ask = vi.fn<() => Promise<StoreError | undefined>>(async () => failures.shift());
  const pass = (ms: number) => void (at += ms);
  const state = storeState({ ask, now: () => at });
  const deferred: (() => Promise<void>)[] = [];
  const look = () => state((work) => void deferred.push(work));
  const respond = async () => {
    for (const work of deferred.splice(0)) await work();
  };
  return { ask, pass, look, respond };
}

describe("the state of the store", () => {
  test("is asked once in ten seconds, however often it is looked at", async () => {
    const { ask, pass, look, respond } = stateOf();
    look();
    await respond();
    for (let i = 0; i < 100; i += 1) expect(look()).toBe("ok");
    await respond();
    expect(ask).toHaveBeenCalledTimes(1);
    pass(9_999);
    look();
    await respond();
    expect(ask).toHaveBeenCalledTimes(1);
    pass(1);
    look();
    await respond();
    expect(ask).toHaveBeenCalledTimes(2);
  });

  test("is the code of a failure, and asked again after three seconds", async () => {
    const { ask, pass, look, respond } = stateOf(refused);
    look();
    await respond();
    expect(look()).toBe("STORE_UNAUTHORIZED");
    pass(2_999);
    expect(look()).toBe("STORE_UNAUTHORIZED");
    expect(ask).toHaveBeenCalledTimes(1);
    pass(1);
    look();
    await respond();
    expect(look()).toBe("ok");
    expect(ask).toHaveBeenCalledTimes(2);
  });

  test("is the last failure's code while calls are not tried", async () => {
    const untried = new StoreError("STORE_NOT_TRIED", "EVAL: not sent.", { cause: refused });
    const { look, respond } = stateOf(untried);
    look();
    await respond();
    expect(look()).toBe("STORE_UNAUTHORIZED");
  });

  test("is given without a call: no request waits for the store", async () => {
    const { ask, look, respond } = stateOf();
    expect(look()).toBe("unknown");
    expect(ask).not.toHaveBeenCalled();
    await respond();
    expect(ask).toHaveBeenCalledTimes(1);
    expect(look()).toBe("ok");
  });
});

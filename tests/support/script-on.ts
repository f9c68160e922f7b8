import { afterAll, beforeAll } from "vitest";
import type { Store } from "#lib/gateway/store/store";
import { limitScript } from "./limit-script.ts";
import type { RunningStore, StoreKind } from "./stores.ts";

/** Starts a store of a kind for all tests of a block, and returns the scripts of the limits on it. */
export function scriptOn(kind: StoreKind) {
  let running: RunningStore | undefined;
  let store: Store | undefined;
  beforeAll(async () => {
    running = await kind.start();
    store = await running.open();
  });
  afterAll(async () => {
    await store?.close();
    await running?.stop();
  });
  const opened = (): Store => {
    if (!store) throw new Error("The store exists only within a test.");
    return store;
  };
  return {
    get store() {
      return opened();
    },
    get script() {
      return limitScript(opened());
    },
  };
}

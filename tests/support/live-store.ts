import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { startStore, type TestStore } from "./gateway.ts";

/** A store for all tests of a file, with a direct connection. */
export function liveStore() {
  let store: TestStore | undefined;
  let direct: Direct | undefined;
  beforeAll(async () => {
    store = await startStore();
    direct = new Direct(store.redis.url);
  });
  afterAll(async () => {
    direct?.disconnect();
    await store?.stop();
  });
  return {
    get store(): TestStore {
      if (!store) throw new Error("The store exists only within a test.");
      return store;
    },
    get direct(): Direct {
      if (!direct) throw new Error("The store exists only within a test.");
      return direct;
    },
  };
}

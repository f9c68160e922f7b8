import { afterAll, beforeAll, describe } from "vitest";
import { serve, type ServedStore } from "./served.ts";
import { STORES_AND_CLUSTER } from "./stores.ts";

/** A served store of a kind, which the tests do not stop. */
export type EachStore = Omit<ServedStore, "stop"> & { readonly name: string };

/**
 * Runs the tests on every kind of store. `$name` in the title is the name of the kind. The stores start together,
 * before the first test, because a cluster takes seconds to start.
 *
 * @example onEachStore("locks on $name", (store) => test("…", () => makeTools(store)));
 */
export function onEachStore(
  title: string,
  tests: (store: EachStore) => void,
  inOrder: typeof describe | typeof describe.concurrent = describe,
): void {
  const started = new Map<string, Promise<ServedStore>>();
  beforeAll(() => {
    for (const kind of STORES_AND_CLUSTER) started.set(kind.name, serve(kind));
    // A failed start fails the tests on that store.
    void Promise.allSettled(started.values());
  });
  afterAll(async () => {
    for (const store of await Promise.allSettled(started.values())) {
      if (store.status === "fulfilled") await store.value.stop();
    }
  });
  inOrder.each(STORES_AND_CLUSTER)(title, ({ name }) => {
    let served: ServedStore | undefined;
    beforeAll(async () => {
      served = await started.get(name);
    });
    const running = (): ServedStore => {
      if (!served) throw new Error("The store exists only within a test.");
      return served;
    };
    tests({
      name,
      get url() {
        return running().url;
      },
      get token() {
        return running().token;
      },
      keys: (prefix) => running().keys(prefix),
      pttl: (key) => running().pttl(key),
    });
  });
}

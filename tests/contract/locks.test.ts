import { expect, test } from "vitest";
import { liveStore } from "../support/live-store.ts";
import { onEachStore } from "../support/on-each-store.ts";
import { makeTools } from "../support/tools.ts";
import { testAcquire } from "./locks/acquire.ts";
import { testFencing } from "./locks/fencing.ts";
import { testRenewal } from "./locks/renewal.ts";
import { testWork } from "./locks/work.ts";

onEachStore("locks on $name", (store) => {
  testAcquire(store);
  testRenewal(store);
  testFencing(store);
  testWork(store);
});

// The clock of the embedded store is that of this process.
const live = liveStore();

test("a lock does not depend on the process's date", async () => {
  const { locks: one, again } = makeTools(live.store);
  const other = again().locks;
  const lock = await one.acquire("job", { ttl: 10 });
  const { now } = Date;
  try {
    for (const jump of [86_400_000, -86_400_000]) {
      Date.now = () => now() + jump;
      expect(await lock.extend()).toBe(true);
      expect(lock.signal.aborted).toBe(false);
      expect(await other.tryAcquire("job")).toBeNull();
    }
  } finally {
    Date.now = now;
  }
  expect(await lock.release()).toBe(true);
});

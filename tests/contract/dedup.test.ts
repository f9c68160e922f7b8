import { onEachStore } from "../support/on-each-store.ts";
import { testClaims } from "./dedup/claims.ts";
import { testCount } from "./dedup/count.ts";
import { testEvents } from "./dedup/events.ts";
import { testOnce } from "./dedup/once.ts";
import { testUnavailable } from "./dedup/unavailable.ts";
import { testWindows } from "./dedup/windows.ts";

onEachStore("dedup on $name", (store) => {
  testEvents(store);
  testClaims(store);
  testWindows(store);
  testOnce(store);
  testCount(store);
  testUnavailable(store);
});

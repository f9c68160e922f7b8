import { describe } from "vitest";
import { onEachStore } from "../support/on-each-store.ts";
import { testIdempotent } from "./renewed-claims/idempotent.ts";
import { testKilled } from "./renewed-claims/killed.ts";
import { testOnce } from "./renewed-claims/once.ts";

// All tests wait for time to pass. They run concurrently, each in a separate namespace.
onEachStore(
  "a claim whose work takes longer than its lease, on $name",
  (store) => {
    testOnce(store);
    testIdempotent(store);
    // The process is killed, so one store is enough.
    if (store.name === "redis-server") testKilled(store);
  },
  describe.concurrent,
);

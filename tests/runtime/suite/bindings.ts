import type { Bindings } from "../../fixtures/runtime/worker.ts";
import type { TestStore } from "../../support/gateway.ts";

export const AUTH_SECRET = "a secret of the tests that signs tokens";
export const AUTH_AUDIENCE = "the-tests";

let namespaces = 0;

/** Returns bindings with a new namespace. */
export function bindingsFor(store: Pick<TestStore, "url" | "token">): Bindings {
  namespaces += 1;
  return {
    STORE_URL: store.url,
    STORE_TOKEN: store.token,
    // The deadline is long, because no test depends on the speed of a loaded machine.
    DEADLINE_MS: "10000",
    NAMESPACE: `runtime-${process.pid}-${namespaces}`,
    SECRET: "a secret of the tests, long enough",
    AUTH_SECRET,
    AUTH_AUDIENCE,
    LEGACY_HEADERS: "0",
    CORS_ORIGINS: "",
    LIVE: "0",
  };
}

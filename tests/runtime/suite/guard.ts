import { afterAll, beforeAll } from "vitest";
import type { Bindings } from "../../fixtures/runtime/worker.ts";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { scope } from "../../support/scope.ts";
import type { Running, Start } from "../runtime.ts";
import { bindingsFor } from "./bindings.ts";
import { clientOf } from "./client.ts";

/** A guard that runs in a runtime, for all tests of a file, and its store. */
export type Guard = ReturnType<typeof startGuard>;

/** Starts a store and a worker for all tests of a block. */
export function startGuard(runtime: string, start: Start) {
  const cleanUp = scope();
  let store: TestStore;
  let running: Running;

  beforeAll(async () => {
    store = await startStore();
    running = await start(bindingsFor(store));
  });
  afterAll(async () => {
    await running?.stop();
    await store?.stop();
  });

  const startWith = async (changes: Partial<Bindings>) =>
    cleanUp(await start({ ...bindingsFor(store), ...changes }), (it) => it.stop());

  return {
    runtime,
    get store() {
      return store;
    },
    /** Returns a client of the worker, by default with a new address. */
    clientOf: (address?: string) => clientOf(running, address),
    /** Sends a request to the worker as it is. */
    send: (request: Request) => running.send(request),
    /** Starts another worker with changed bindings, which ends with the test. */
    startWith,
  };
}

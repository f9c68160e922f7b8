import { join } from "node:path";
import { EdgeVM } from "@edge-runtime/vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ListenerBindings, untilMessage } from "../fixtures/runtime/listener.ts";
import { ROOT } from "../support/app.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";
import { bundle } from "./bundle.ts";
import { startWorkerd } from "./workerd.ts";

const LISTENER = join(ROOT, "tests/fixtures/runtime/listener.ts");

const cleanUp = scope();
let store: TestStore;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store?.stop());

async function ask(...command: string[]): Promise<unknown> {
  const headers = { authorization: `Bearer ${store.token}` };
  const body = JSON.stringify(command);
  const response = await fetch(store.url, { method: "POST", headers, body });
  return ((await response.json()) as { result?: unknown }).result;
}

test.each([
  [
    "the edge runtime",
    async (bindings: ListenerBindings) => {
      const vm = new EdgeVM();
      vm.evaluate((await bundle("edge", LISTENER)).code);
      return await vm.evaluate<typeof untilMessage>("worker.untilMessage")(bindings);
    },
  ],
  [
    "workerd",
    async (bindings: ListenerBindings) => {
      const { code } = await bundle("workerd", LISTENER);
      const running = cleanUp(await startWorkerd(code, { ...bindings }), (it) => it.stop());
      return await (await running.send(new Request("http://app.example/"))).text();
    },
  ],
])("a subscription in %s opens, receives a message and leaves no connection", async (_, listen) => {
  const told = listen({ STORE_URL: store.url, STORE_TOKEN: store.token });
  await expect.poll(() => ask("PUBSUB", "NUMSUB", "live")).toEqual(["live", 1]);
  // The store knows of the subscription before the client does, which may miss messages between.
  const publishing = setInterval(() => void ask("PUBLISH", "live", "a\nb"), 50);
  cleanUp(publishing, clearInterval);
  const events = JSON.parse(await told) as unknown[];
  expect(events).toEqual([{ kind: "open" }, { kind: "message", payload: "a\nb" }]);
  await expect.poll(() => ask("PUBSUB", "NUMSUB", "live")).toEqual(["live", 0]);
});

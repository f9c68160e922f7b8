import type { HeadgateOptions } from "#lib/options";
import type { HeadgateEvent } from "#lib/observe/events";
import { createScriptStore } from "#lib/redis/script-store";
import type { TestStore } from "./gateway.ts";

let namespaces = 0;

/** Returns options for a gate in a new namespace. They record events. */
export function gateOptions(store: Pick<TestStore, "url" | "token">) {
  namespaces += 1;
  const events: HeadgateEvent[] = [];
  const options = {
    // The deadline is long, because no test depends on the speed of a loaded machine.
    redis: createScriptStore({ url: store.url, token: store.token, deadlineMs: 10_000 }),
    namespace: `test-${process.pid}-${namespaces}`,
    secret: "a secret of the tests, long enough",
    addressSource: { from: "hops", hops: 1 },
    onEvent: (event) => events.push(event),
  } satisfies HeadgateOptions;
  return { options, events };
}

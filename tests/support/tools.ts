import type { Tools } from "#app/_domain/headgate";
import type { HeadgateEvent } from "#lib/core/events";
import { createVault } from "#lib/core/vault";
import { createDedup } from "#lib/dedup/dedup";
import { createIdempotent, type Idempotent } from "#lib/idempotency/idempotent";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { createLocks } from "#lib/lock/locks";
import { createRedis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import { createScriptStore } from "#lib/redis/script-store";
import type { TestStore } from "./gateway.ts";

const SECRET = "a secret of the tests, long enough";

let namespaces = 0;

function newNamespace(): string {
  namespaces += 1;
  return `tools-${process.pid}-${namespaces}`;
}

/** The tools, the secret that encrypts their stored results, and their event listener. */
type TestTools = Tools & {
  readonly secret: string;
  readonly emit: (event: HeadgateEvent) => void;
  readonly idempotent: Idempotent;
};

/** Returns the name of the failure that an event reports, also of a lost claim. */
export function failureIn(event: HeadgateEvent): string | undefined {
  if (event.kind === "failure") return event.during;
  return event.kind === "dedup" && event.state === "lost" ? "dedup-lost" : undefined;
}

/** Makes the tools of an instance in a new namespace. `again` makes those of another instance. */
export function makeTools(
  store: Pick<TestStore, "url" | "token">,
  send: typeof fetch = fetch,
  namespace = newNamespace(),
): TestTools & {
  readonly namespace: string;
  readonly events: HeadgateEvent[];
  /** The result of {@link failureIn} for each event with a failure. */
  readonly failures: string[];
  readonly again: () => TestTools;
} {
  const events: HeadgateEvent[] = [];
  const failures: string[] = [];
  const emit = (event: HeadgateEvent) => {
    events.push(event);
    const failure = failureIn(event);
    if (failure !== undefined) failures.push(failure);
  };
  const make = (): TestTools => {
    const { url, token } = store;
    const connection = { url, token, deadlineMs: 10_000, fetch: send };
    const scripts = createScriptStore(connection);
    const parts = {
      redis: createRedis(connection),
      keys: keyNames(namespace),
      keyedHash: createKeyedHash(SECRET),
      secret: SECRET,
      vault: createVault(SECRET),
      emit,
    };
    const onScripts = { ...parts, redis: scripts };
    return {
      ...parts,
      locks: createLocks(onScripts),
      dedup: createDedup(onScripts),
      idempotent: createIdempotent(onScripts),
    };
  };
  return { ...make(), namespace, events, failures, again: make };
}

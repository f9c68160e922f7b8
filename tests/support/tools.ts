import type { Tools } from "#app/_domain/headgate";
import { createDedup } from "#lib/dedup/dedup";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { createVault } from "#lib/core/vault";
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

/** The tools, and what their kept results are encrypted by. */
type TestTools = Tools & { readonly secret: string };

/** The tools of as many instances as are asked for, in a namespace of the test's own. */
export function makeTools(
  store: Pick<TestStore, "url" | "token">,
  send: typeof fetch = fetch,
  namespace = newNamespace(),
): TestTools & {
  readonly namespace: string;
  readonly failures: string[];
  readonly again: () => TestTools;
} {
  const failures: string[] = [];
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
      onFailure: (what: string) => void failures.push(what),
    };
    const onScripts = { ...parts, redis: scripts };
    return { ...parts, locks: createLocks(onScripts), dedup: createDedup(onScripts) };
  };
  return { ...make(), namespace, failures, again: make };
}

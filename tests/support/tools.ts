import type { Tools } from "#app/_domain/headgate";
import { createDedup } from "#lib/dedup/dedup";
import { createPseudonym } from "#lib/identity/pseudonym";
import { createVault } from "#lib/identity/vault";
import { createLocks } from "#lib/lock/locks";
import { createRedis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import type { TestStore } from "./gateway.ts";

let namespaces = 0;

/** The tools of as many instances as are asked for, in a namespace of the test's own. */
export function makeTools(
  store: Pick<TestStore, "url" | "token">,
  send: typeof fetch = fetch,
): Tools & {
  readonly namespace: string;
  readonly failures: string[];
  readonly again: () => Tools;
} {
  namespaces += 1;
  const namespace = `tools-${process.pid}-${namespaces}`;
  const failures: string[] = [];
  const make = (): Tools => {
    const parts = {
      redis: createRedis({ url: store.url, token: store.token, deadlineMs: 10_000, fetch: send }),
      keys: keyNames(namespace),
      pseudonym: createPseudonym("a secret of the tests, long enough"),
      vault: createVault("a secret of the tests, long enough"),
      onFailure: (what: string) => void failures.push(what),
    };
    return { ...parts, locks: createLocks(parts), dedup: createDedup(parts) };
  };
  return { ...make(), namespace, failures, again: make };
}

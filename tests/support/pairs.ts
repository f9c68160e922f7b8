import { makeTools } from "./tools.ts";
import type { TestStore } from "./gateway.ts";

type Address = Pick<TestStore, "url" | "token">;

/** Returns a function that makes the locks of two instances on a store, in a new namespace. */
export function lockPairs(store: Address) {
  return (send: typeof fetch = fetch) => {
    const { again, locks, ...rest } = makeTools(store, send);
    const nameOf = (key: string) => rest.keys.lock(rest.keyedHash("lock", key));
    return { ...rest, nameOf, one: locks, other: again().locks };
  };
}

/** Returns a function that makes the dedup of two instances on a store, in a new namespace. */
export function dedupPairs(store: Address) {
  return (send: typeof fetch = fetch) => {
    const { again, dedup, ...rest } = makeTools(store, send);
    const nameOf = (key: string) => rest.keys.event(rest.keyedHash("event", key));
    return { ...rest, nameOf, one: dedup, other: again().dedup };
  };
}

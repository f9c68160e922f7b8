import { setTimeout as pause } from "node:timers/promises";
import type { ExpectStatic } from "vitest";
import type { EachStore } from "../../support/on-each-store.ts";
import { makeTools } from "../../support/tools.ts";
import { unavailable } from "../../support/unavailable.ts";

/** The lease of work that loses its claim, in seconds. */
export const LEASE = 0.3;
/** A lease, in seconds, that work does not lose when a busy machine stops the process for three seconds. */
export const STEADY = 5;
/** The lease of another caller's claim, in seconds: longer than the time after which `STEADY` is renewed. */
export const THEIRS = STEADY / 2;
export const WINDOW = 300;

/** Returns a function that makes two instances. The calls of the first one fail while `isUnavailable` is true. */
export function leasedPairs(store: EachStore) {
  return async () => {
    const network = { isUnavailable: false, calls: 0 };
    const one = makeTools(store, (...call) => {
      network.calls += 1;
      return network.isUnavailable ? unavailable(...call) : fetch(...call);
    });
    const healthy = makeTools(store, fetch, one.namespace);
    const nameOf = (key: string) => one.keys.event(one.keyedHash("event", key));
    /** Makes the store available, and waits until the breaker of the first instance has noticed it. */
    const recover = async ({ poll }: ExpectStatic) => {
      network.isUnavailable = false;
      const terms = { owner: "another", payload: "", lease: 1, window: 1, maxAge: 0 };
      const probe = () => one.dedup.extend({ name: nameOf("probe"), ...terms }).catch(String);
      await poll(probe).toBe(false);
    };
    const { dedup: other, redis } = healthy;
    // No lease runs while both connect and send their script, when all tests begin.
    await Promise.all([one.dedup, other].map((dedup) => dedup.claim("warm", { window: 1 })));
    network.calls = 0;
    return { network, recover, nameOf, one, healthy, other, redis };
  };
}

/** Calls `ask` again and again until `seconds` are over. Returns each different result once. */
export async function during<T>(seconds: number, ask: () => Promise<T>): Promise<T[]> {
  const seen = new Set<T>();
  const until = performance.now() + seconds * 1000;
  do {
    await pause(100);
    seen.add(await ask());
  } while (performance.now() <= until);
  return [...seen];
}

/** Makes a request with an Idempotency-Key. */
export function order(): Request {
  const headers = { "idempotency-key": '"k"' };
  return new Request("http://app.example/orders", { method: "POST", headers, body: "{}" });
}

import type { Variables } from "#lib/core/settings";
import { wholeNumber } from "./whole-number.ts";

/** Resolves when the requests of this turn of the event loop go on; undefined for a request that does not wait. */
export type Batches = () => Promise<void> | undefined;

/**
 * Batches the requests that arrive in one turn of the event loop: the first goes on at once, and the others
 * go on in their order when the turn has read all requests from the network. Next serves a batch with about
 * half the work for each request (docs/decisions/087-batches-at-the-server.md). A request that arrives alone
 * never waits, and the others wait for no timer.
 *
 * @example
 * const batches = createBatches();
 * await batches();
 */
export function createBatches(): Batches {
  let waiting: (() => void)[] | undefined;
  return () => {
    if (waiting) {
      const others = waiting;
      return new Promise((resolve) => others.push(resolve));
    }
    const others: (() => void)[] = [];
    waiting = others;
    setImmediate(() => {
      waiting = undefined;
      for (const goOn of others) goOn();
    });
    return undefined;
  };
}

/**
 * Returns true unless HEADGATE_BATCH=0 turns batches off.
 *
 * @throws {HeadgateError} ENV_INVALID
 */
export function wantsBatches(env: Variables): boolean {
  return wholeNumber(env, "HEADGATE_BATCH", 1, 0, 1) === 1;
}

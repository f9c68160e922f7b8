import type { Variables } from "#lib/core/settings";
import { wholeNumber } from "./whole-number.ts";

/** Waits until the requests of this turn of the event loop go on; undefined for a request that need not wait. */
export type Batches = () => Promise<void> | undefined;

/**
 * Lets the requests that arrive in one turn of the event loop go on together: the first at once, the others
 * in their order when the turn has seen all that the network had. Next serves requests that go on together
 * with about half the work for each (docs/decisions/087-batches-at-the-server.md). A request that comes
 * alone never waits, and the others wait for no timer.
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

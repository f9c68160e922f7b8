/** One thing that is timed. */
export interface Timed {
  readonly what: string;
  /**
   * Does it once.
   *
   * @param n never the same twice in one run
   * @throws {Error} where it did not do what is measured: a store that fails is answered quickly
   */
  run(n: number): Promise<void>;
}

/** Of each, before any is measured: what runs for long is asked for, not what begins. */
const WARM_UP = 1000;

/** Round by round, so that what else the machine does falls on all alike. */
const ROUNDS = 5;

/**
 * Milliseconds of `calls` calls of each, of which `callers` are on their way at once; in turn, in one
 * run.
 */
export async function timeInTurn(
  operations: readonly Timed[],
  { calls, callers }: { readonly calls: number; readonly callers: number },
): Promise<number[][]> {
  const times = operations.map((): number[] => []);
  for (const operation of operations) await timesOf(operation, Math.min(calls, WARM_UP), callers);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [i, operation] of operations.entries()) {
      times[i]?.push(...(await timesOf(operation, Math.ceil(calls / ROUNDS), callers)));
    }
  }
  return times;
}

/** Never the same twice, for operations that need a name of their own. */
let next = 0;

async function timesOf(operation: Timed, count: number, callers: number): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      next += 1;
      const began = performance.now();
      await operation.run(next);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return times;
}

/** Nothing is timed that did not do what it is for. */
export function sure(did: boolean): void {
  if (!did) throw new Error("The store failed, or answered other than it should: nothing to time.");
}

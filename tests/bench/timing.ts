/** A timed operation. */
export interface Timed {
  readonly what: string;
  /**
   * Runs the operation once.
   *
   * @param n a number that is unique in a run
   * @throws {Error} when the operation did not have its effect, because a failing store answers quickly
   */
  run(n: number): Promise<void>;
}

/** The number of calls of each operation before the measurement, which is about warm processes. */
const WARM_UP = 1000;

/** The operations alternate in rounds, so that other load of the machine affects all alike. */
const ROUNDS = 5;

/**
 * Measures the milliseconds of `calls` calls of each operation, with `callers` calls in flight. The operations
 * alternate in one run.
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

/** A number that is unique in the process, for operations that need a separate name. */
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

/** Throws when an operation did not have its effect, so that it is not timed. */
export function sure(did: boolean): void {
  if (!did)
    throw new Error("The store failed or gave an unexpected reply, so there is nothing to time.");
}

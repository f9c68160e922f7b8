/** The time until the first check, in milliseconds. It doubles from check to check. */
const FIRST_MS = 1000;

/** The most time between two checks, in milliseconds. */
const MOST_MS = 30_000;

/**
 * Checks a store that failed until it can be used, and then calls `recovered` once. The checks do not keep the
 * process alive.
 *
 * @param isUsable never rejects
 * @returns a function that ends the checks
 */
export function onRecovery(isUsable: () => Promise<boolean>, recovered: () => void): () => void {
  let isEnded = false;
  let timer: NodeJS.Timeout | undefined;
  const checkIn = (ms: number) => {
    timer = setTimeout(() => void check(ms), ms);
    timer.unref();
  };
  const check = async (ms: number) => {
    const isDone = await isUsable();
    if (isEnded) return;
    if (isDone) recovered();
    else checkIn(Math.min(2 * ms, MOST_MS));
  };
  checkIn(FIRST_MS);
  return () => {
    isEnded = true;
    clearTimeout(timer);
  };
}

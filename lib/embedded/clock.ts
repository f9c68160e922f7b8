/** The time in milliseconds since 1970, with microseconds as its fraction. */
export type WallClock = () => number;

/** When the two clocks differ by more than this (ms), the machine's date was set, and the clock follows it. */
const DRIFT_MS = 2;

/** Returns a clock of the machine's date, with the microseconds that Date lacks. */
export function wallClock(): WallClock {
  let offset = Date.now() - performance.now();
  return () => {
    const now = performance.now() + offset;
    const date = Date.now();
    if (Math.abs(now - date) <= DRIFT_MS) return now;
    offset += date - now;
    return date;
  };
}

/** A monotonic clock in milliseconds: for measuring how long something took, never for dates. */
export type Clock = () => number;

/** The runtime's own monotonic clock, in milliseconds. */
export const monotonic: Clock = () => performance.now();

/** What locks and claims go by: a clock, and calls that are made later on the same clock. */
export interface Time {
  /** Monotonic, in milliseconds. */
  readonly now: Clock;
  /** Makes one call after so many milliseconds, unless the function that it returns is called first. */
  readonly after: (ms: number, call: () => void) => () => void;
}

/** The runtime's own clock and timers. */
export const runtimeTime: Time = {
  now: monotonic,
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

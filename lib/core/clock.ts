/** Returns the time of a monotonic clock in milliseconds: for durations, never for dates. */
export type Clock = () => number;

/** The runtime's own monotonic clock, in milliseconds. */
export const monotonic: Clock = () => performance.now();

/** The clock and the timers of locks and claims. */
export interface Time {
  /**
   * Returns the time of a monotonic clock, in milliseconds.
   * @example
   * const { after } = createTestGate(policy).time;
   * createLocks({ ...gate, time: { now: () => performance.now(), after } });
   */
  readonly now: Clock;
  /**
   * Calls a function once after `ms` milliseconds, unless the function that it returns is called first.
   * @example
   * const after = (ms: number, call: () => void) => {
   *   const timer = setTimeout(call, ms);
   *   return () => clearTimeout(timer);
   * };
   * createLocks({ ...gate, time: { now: () => performance.now(), after } });
   */
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

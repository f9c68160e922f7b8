/** A monotonic clock in milliseconds: for measuring how long something took, never for dates. */
export type Clock = () => number;

/** The runtime's own monotonic clock, in milliseconds. */
export const monotonic: Clock = () => performance.now();

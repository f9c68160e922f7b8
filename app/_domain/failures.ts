import { logEvents } from "headgate";
import type { BreakerChange } from "headgate/redis";

const report = logEvents((line) => console.warn(line));

/** Writes a line of the log when calls of the store are no longer tried, and when they are again. */
export function reportBreaker(change: BreakerChange): void {
  void report({ kind: "breaker", ...change });
}

/** Writes a line of the log for what failed, as the gate does for its own failures. */
export function reportFailure(what: string, error: unknown): void {
  void report({ kind: "failure", what, error });
}

import { logEvents } from "#lib/observe/log";

const report = logEvents((line) => console.warn(line));

/** Writes a line of the log for what failed, as the gate does for its own failures. */
export function reportFailure(what: string, error: unknown): void {
  void report({ kind: "failure", what, error });
}

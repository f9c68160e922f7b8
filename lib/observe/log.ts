import { type Clock, monotonic } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent, Listener } from "./events.ts";

/** More lines than this a second, of one kind, are counted and not written. */
const LINES_A_SECOND = 10;

/**
 * A listener that writes one line of JSON for each failure of the store, a resolver or a hook.
 * Decisions that went as they should are not logged. Messages of ours hold no keys and values;
 * of other errors only the name is written, since their messages may.
 *
 * @param write where a line goes
 */
export function logFailures(write: (line: string) => void, clock: Clock = monotonic): Listener {
  let second = 0;
  let lines = 0;
  return (event) => {
    const line = lineOf(event);
    if (!line) return;
    const now = Math.floor(clock() / 1000);
    if (now !== second) {
      if (lines > LINES_A_SECOND)
        write(json({ event: "suppressed", lines: lines - LINES_A_SECOND }));
      second = now;
      lines = 0;
    }
    lines += 1;
    if (lines <= LINES_A_SECOND) write(json(line));
  };
}

function json(fields: object): string {
  return JSON.stringify({ source: "headgate", level: "warn", ...fields });
}

function lineOf(event: HeadgateEvent): object | undefined {
  if (event.kind === "failure") {
    return { event: "failure", what: event.what, error: describe(event.error) };
  }
  const { decision, rules, onStoreFailure } = event;
  if (decision.reason !== "store-failed") return undefined;
  return {
    event: "store-failed",
    rules,
    onStoreFailure,
    outcome: decision.allowed ? "allowed" : "denied",
    ...(onStoreFailure === "local" && { note: '"local" counts nothing yet and allows' }),
    error: describe(decision.error),
    tookMs: Math.round(event.tookMs),
  };
}

function describe(error: unknown): object {
  if (error instanceof HeadgateError) return { code: error.code, message: error.message };
  return { name: error instanceof Error ? error.name : typeof error };
}

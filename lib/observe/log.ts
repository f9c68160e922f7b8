import { type Clock, monotonic } from "#lib/core/clock";
import type { Decision } from "#lib/core/decision";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent, Listener } from "./events.ts";

/** More lines than this a second, of one kind, are counted and not written. */
const LINES_A_SECOND = 10;

/**
 * A listener that writes one line of JSON for each failure of the store, a resolver or a hook, for
 * each doubt about where addresses come from, and for each request that a rule in shadow would have
 * refused, of each kind at most ten a second.
 * Other decisions are not logged. Messages of ours hold no keys and values; of other errors only the
 * name is written, since their messages may.
 *
 * @param write where a line goes
 */
export function logFailures(write: (line: string) => void, clock: Clock = monotonic): Listener {
  const kinds = new Map<string, { second: number; lines: number }>();
  return (event) => {
    const line = lineOf(event);
    if (!line) return;
    const second = Math.floor(clock() / 1000);
    const before = kinds.get(line.event);
    const lines = before?.second === second ? before.lines + 1 : 1;
    if (before && lines === 1 && before.lines > LINES_A_SECOND) {
      const suppressed = before.lines - LINES_A_SECOND;
      write(json({ event: "suppressed", of: line.event, lines: suppressed }));
    }
    kinds.set(line.event, { second, lines });
    if (lines <= LINES_A_SECOND) write(json(line));
  };
}

/** What is written; `event` is its kind, and there are four. */
interface Line {
  readonly event: "failure" | "address" | "store-failed" | "shadow-denied";
  readonly [field: string]: unknown;
}

function json(fields: object): string {
  return JSON.stringify({ source: "headgate", level: "warn", ...fields });
}

function lineOf(event: HeadgateEvent): Line | undefined {
  if (event.kind === "failure") {
    return { event: "failure", what: event.what, error: describe(event.error) };
  }
  if (event.kind === "address") {
    return { event: "address", code: event.code, message: event.message };
  }
  const { decision, rules, onStoreFailure } = event;
  if (decision.reason !== "store-failed") return shadowLine(decision);
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

/** Whoever adds a rule in shadow wants to know whom it would refuse, before it does. */
function shadowLine({ shadows }: Decision): Line | undefined {
  const refusing = shadows.filter(({ allowed }) => !allowed).map(({ rule }) => rule);
  return refusing.length > 0 ? { event: "shadow-denied", rules: refusing } : undefined;
}

function describe(error: unknown): object {
  if (error instanceof HeadgateError) return { code: error.code, message: error.message };
  return { name: error instanceof Error ? error.name : typeof error };
}

import { type Clock, monotonic } from "#lib/core/clock";
import { hasNoCapacity, type LimitStatus, violated } from "#lib/core/decision";
import { isHeadgateError } from "#lib/core/errors";
import type { DecisionEvent, HeadgateEvent, Listener } from "#lib/core/events";

/** The most lines of one kind that are written in a second. Further ones are only counted. */
const LINES_A_SECOND = 10;

/**
 * Makes a listener that writes one line of JSON for each event that matters to an operator. Such an event is
 * a request that was denied, or that a rule in shadow would have denied. Others are failures of the store, a
 * breaker that opens or closes, and failures of other work, such as a resolver or a hook. There is also a
 * line for a lost lock or claim, and for a doubt about where addresses come from. It writes at most ten lines
 * of each kind a second, and docs/reference/events.md describes every kind. Messages of Headgate contain no
 * keys and values. Of other errors only the name is written, because their messages may contain some.
 *
 * @param write writes a line
 * @example
 * const gate = createHeadgate(policy, () => ({ ...fromEnv(), onEvent: logEvents(console.info) }));
 */
export function logEvents(write: (line: string) => void, clock: Clock = monotonic): Listener {
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

/** Each kind of line; docs/reference/events.md describes them. */
export type LineKind =
  | "failure"
  | "address"
  | "breaker"
  | "store-failed"
  | "denied"
  | "shadow-denied"
  | "lock-lost"
  | "dedup-lost";

/** The fields of a line. Undefined fields are not written. */
interface Line {
  readonly event: LineKind;
  readonly [field: string]: unknown;
}

function json(fields: object): string {
  return JSON.stringify({ source: "headgate", level: "warn", ...fields });
}

/**
 * Returns the line of an event; undefined for a success, and for a lock or a claim that another caller has,
 * which is not a failure.
 */
function lineOf(event: HeadgateEvent): Line | undefined {
  switch (event.kind) {
    case "failure":
      return {
        event: "failure",
        during: event.during,
        name: event.name,
        error: describe(event.error),
      };
    case "address":
      return { event: "address", level: event.level, code: event.code, message: event.message };
    case "breaker":
      return { event: "breaker", state: event.state, error: describe(event.error) };
    case "decision":
      return decisionLine(event);
    case "lock":
    case "dedup":
      return event.state === "lost"
        ? { event: `${event.kind}-lost`, error: describe(event.error) }
        : undefined;
    case "idempotency":
    case "near-limit":
    case "store":
      return undefined;
  }
}

function decisionLine(event: DecisionEvent): Line | undefined {
  const { decision, rules, onStoreFailure, mode, requestId, tookMs } = event;
  const about = {
    ...(mode !== "enforce" && { mode }),
    ...(requestId !== undefined && { requestId }),
  };
  if (decision.error && isMissing(decision.error)) return undefined;
  if (decision.counted !== "in-store" && decision.error) {
    return {
      event: "store-failed",
      rules,
      onStoreFailure,
      outcome: decision.allowed ? "allowed" : "denied",
      ...(decision.counted === "in-process" && { counted: decision.counted }),
      error: describe(decision.error),
      tookMs: Math.round(tookMs),
      ...about,
    };
  }
  const { reason, maxBody, entry } = decision;
  if (maxBody !== undefined || reason === "blocked") {
    const keys = reason === "blocked" && new Set(Object.values(event.clients?.() ?? {}));
    const because = { ...whyDenied(event, rules, []), ...(keys && { clients: [...keys] }), reason };
    return { event: "denied", level: "info", ...because, maxBody, entry, ...about };
  }
  if (reason === "over-limit") {
    const limits = violated(decision);
    return {
      event: "denied",
      level: "info",
      ...whyDenied(event, [...new Set(limits.map(({ rule }) => rule))], limits),
      retryAfterMs: decision.retryAfterMs,
      ...about,
    };
  }
  // A line shows which clients a rule in shadow would deny, before it is enforced.
  const denying = decision.shadows.filter(({ allowed }) => !allowed);
  if (denying.length === 0) return undefined;
  const limits = denying.flatMap((shadow) => shadow.limits.filter(hasNoCapacity));
  return {
    event: "shadow-denied",
    ...whyDenied(
      event,
      denying.map(({ rule }) => rule),
      limits,
    ),
    ...about,
  };
}

/** Returns why a request was denied: limits, their clients, the method, and the patterns that matched. */
function whyDenied(
  { clients, method, patterns }: DecisionEvent,
  rules: readonly string[],
  limits: readonly LimitStatus[],
) {
  // Most decisions allow a request and have no line, so their keys are computed only here.
  const keys = clients?.();
  return {
    rules,
    limits: limits.map(({ policyName }) => policyName),
    clients: keys && limits.map(({ policyName }) => keys[policyName]),
    method,
    patterns: rules.flatMap((name) => patterns[name] ?? []),
  };
}

/** Returns true for missing settings (ENV_INVALID, CLIENT_ADDRESS_UNKNOWN), which the gate reports once. */
function isMissing(error: unknown): boolean {
  return isHeadgateError(error) && /^(?:ENV|CLIENT)_/.test(error.code);
}

function describe(error: unknown): object {
  if (isHeadgateError(error)) return { code: error.code, message: error.message };
  return { name: error instanceof Error ? error.name : typeof error };
}

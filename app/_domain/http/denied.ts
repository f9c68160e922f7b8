import { reportFailure } from "#app/_domain/report-failure";
import type { Decision } from "headgate";
import { type Problem, problemResponse, QUOTA_EXCEEDED, REDUCED_CAPACITY } from "headgate/respond";

/**
 * The part of a denied decision that a client may see: neither which limit had no capacity, nor its
 * numbers.
 */
export interface Denial {
  readonly problem: Problem;
  /** Seconds, rounded up; undefined when waiting does not help, or the wait is unknown. */
  readonly retryAfter: number | undefined;
}

/**
 * Returns the response data for a denied decision of `limit` in a handler or a Server Action. The
 * status is 429 without capacity, 403 for a blocked client, 503 when the store failed and the rule says
 * "deny", and 500 for a wrong call. It names no limit, so that a client cannot tell which limit denied
 * it.
 */
export function denialOf(decision: Decision): Denial {
  const { retryAfterMs } = decision;
  const retryAfter = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  return { problem: PROBLEMS[reasonOf(decision)], retryAfter };
}

/** Returns a route handler's response to a denied decision: problem details (RFC 9457), and Retry-After. */
export function deniedResponse({ problem, retryAfter }: Denial): Response {
  const headers = retryAfter === undefined ? undefined : { "Retry-After": String(retryAfter) };
  return problemResponse(problem, headers);
}

/** Returns a wait as text for people, rounded up: "9 minutes". */
export function waitInWords(seconds: number): string {
  if (seconds < 60) return counted(seconds, "second");
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? counted(minutes, "minute") : counted(Math.ceil(minutes / 60), "hour");
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

type Kind = "over-limit" | "blocked" | "store-failed" | "invalid-call";

const PROBLEMS: Readonly<Record<Kind, Problem>> = {
  "over-limit": {
    type: QUOTA_EXCEEDED,
    title: "Request cannot be satisfied as assigned quota has been exceeded",
    status: 429,
    detail: "There were too many attempts. Please try again after the time in Retry-After.",
  },
  blocked: {
    title: "Forbidden",
    status: 403,
    detail: "Requests from this client are not accepted.",
  },
  "store-failed": {
    type: REDUCED_CAPACITY,
    title: "Request cannot be satisfied due to temporary server capacity constraints",
    status: 503,
    detail: "This part of the site is unavailable for a moment. Please try again shortly.",
  },
  "invalid-call": {
    title: "The server made a mistake",
    status: 500,
    detail: "Trying again does not help; we have to correct the error.",
  },
};

function reasonOf({ reason, error }: Decision): Kind {
  if (!isKind(reason)) {
    throw new TypeError(`A decision of a handler's call cannot be a denial for "${reason}".`);
  }
  // The gate emits no event for a wrong call, because it made no decision.
  if (reason === "invalid-call") reportFailure("limit", error);
  return reason;
}

function isKind(reason: string): reason is Kind {
  return Object.hasOwn(PROBLEMS, reason);
}

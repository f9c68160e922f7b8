import { reportFailure } from "#app/_domain/report-failure";
import type { Decision } from "headgate";
import { type Problem, problemResponse, QUOTA_EXCEEDED, REDUCED_CAPACITY } from "headgate/respond";

/** What a client may know of a denied decision: not which limit had no room, and not how many. */
export interface Denial {
  readonly problem: Problem;
  /** Seconds, rounded up; undefined where no wait helps, or none is known. */
  readonly retryAfter: number | undefined;
}

/**
 * Words a decision that a handler or a Server Action got from `limit` and that denies: 429 without
 * room, 403 for a client that is blocked, 503 where the store failed and the rule says "deny", 500 for a
 * call that was wrong. It names no limit, so that a refusal by one cannot be told from a refusal by another.
 */
export function denialOf(decision: Decision): Denial {
  const { retryAfterMs } = decision;
  const retryAfter = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  return { problem: PROBLEMS[reasonOf(decision)], retryAfter };
}

/** Answers a denied decision from a route handler: problem details (RFC 9457), and Retry-After. */
export function deniedResponse({ problem, retryAfter }: Denial): Response {
  const headers = retryAfter === undefined ? undefined : { "Retry-After": String(retryAfter) };
  return problemResponse(problem, headers);
}

/** How long to wait, rounded up, for people: "9 minutes". */
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
    detail: "There were too many attempts. Please try again later; Retry-After says when.",
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
    detail: "This part of the site is closed for a moment. Please try again shortly.",
  },
  "invalid-call": {
    title: "The server made a mistake",
    status: 500,
    detail: "Waiting does not help; we have to correct it.",
  },
};

function reasonOf({ reason, error }: Decision): Kind {
  if (!isKind(reason)) {
    throw new TypeError(`A decision of a handler's call cannot be a denial for "${reason}".`);
  }
  // Nobody else says so: a call that cannot be is no decision of the gate's.
  if (reason === "invalid-call") reportFailure("limit", error);
  return reason;
}

function isKind(reason: string): reason is Kind {
  return Object.hasOwn(PROBLEMS, reason);
}

import { ProblemError } from "#app/_domain/http/problem-error";
import { REDUCED_CAPACITY } from "headgate/respond";

export type InstagramCode =
  | "INSTAGRAM_TIMEOUT"
  | "INSTAGRAM_UNREACHABLE"
  | "INSTAGRAM_TOKEN_EXPIRED"
  | "INSTAGRAM_RATE_LIMITED"
  | "INSTAGRAM_FAILED"
  | "INSTAGRAM_BAD_ANSWER";

/** A call that Instagram did not answer as it should. No message holds a token or what was answered. */
export class InstagramError extends Error {
  readonly code: InstagramCode;
  /** Seconds that Instagram asks to wait. */
  readonly retryAfter: number | undefined;

  constructor(code: InstagramCode, message: string, retryAfter?: number) {
    super(message);
    // The log writes the name of an error that is not the gate's own.
    this.name = code;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** What a client is told of each. */
const TOLD: Readonly<Record<InstagramCode, { status: number; title: string; detail: string }>> = {
  INSTAGRAM_TIMEOUT: {
    status: 504,
    title: "Instagram did not answer in time",
    detail: "Please try again in a moment.",
  },
  INSTAGRAM_UNREACHABLE: {
    status: 502,
    title: "Instagram cannot be reached",
    detail: "Please try again in a moment.",
  },
  INSTAGRAM_TOKEN_EXPIRED: {
    status: 409,
    title: "The connection to Instagram has ended",
    detail: "Connect the account again: its token is no longer taken.",
  },
  INSTAGRAM_RATE_LIMITED: {
    status: 503,
    title: "Instagram asks us to wait",
    detail: "Too many calls were made; Retry-After says when to try again.",
  },
  INSTAGRAM_FAILED: {
    status: 502,
    title: "Instagram failed",
    detail: "It answered with an error of its own. Please try again later.",
  },
  INSTAGRAM_BAD_ANSWER: {
    status: 502,
    title: "Instagram's answer cannot be read",
    detail: "It is not what Instagram's documentation says.",
  },
};

/** Seconds to wait where Instagram limits us and does not say how long. */
const DEFAULT_WAIT = 60;

/** The problem that a route answers where a call failed. */
export function problemOf({ code, retryAfter }: InstagramError): ProblemError {
  const limited = code === "INSTAGRAM_RATE_LIMITED";
  const problem = { ...TOLD[code], code, ...(limited && { type: REDUCED_CAPACITY }) };
  return new ProblemError(problem, limited ? { retryAfter: retryAfter ?? DEFAULT_WAIT } : {});
}

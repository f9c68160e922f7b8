import { ProblemError } from "#app/_domain/http/problem-error";
import { REDUCED_CAPACITY } from "headgate/respond";

export type InstagramCode =
  | "INSTAGRAM_TIMEOUT"
  | "INSTAGRAM_UNREACHABLE"
  | "INSTAGRAM_TOKEN_EXPIRED"
  | "INSTAGRAM_RATE_LIMITED"
  | "INSTAGRAM_FAILED"
  | "INSTAGRAM_BAD_ANSWER";

/** A call of Instagram's API that failed. The message contains neither a token nor Instagram's answer. */
export class InstagramError extends Error {
  readonly code: InstagramCode;
  /** How many seconds Instagram asks the app to wait. */
  readonly retryAfter: number | undefined;

  constructor(code: InstagramCode, message: string, retryAfter?: number) {
    super(message);
    // The log writes the name of an error that is not one of the gate's.
    this.name = code;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** The problem that the client gets for each error. */
const PROBLEMS: Readonly<Record<InstagramCode, { status: number; title: string; detail: string }>> =
  {
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
      detail: "Connect the account again: Instagram no longer accepts its token.",
    },
    INSTAGRAM_RATE_LIMITED: {
      status: 503,
      title: "Instagram limits our calls",
      detail: "There were too many calls. Please try again after the time in Retry-After.",
    },
    INSTAGRAM_FAILED: {
      status: 502,
      title: "Instagram failed",
      detail: "Instagram answered with an error. Please try again later.",
    },
    INSTAGRAM_BAD_ANSWER: {
      status: 502,
      title: "Instagram's answer cannot be read",
      detail: "The answer differs from Instagram's documentation.",
    },
  };

/** How many seconds to wait when Instagram limits our calls and names no time. */
const DEFAULT_WAIT = 60;

/** Returns the problem with which a route responds to a failed call. */
export function problemOf({ code, retryAfter }: InstagramError): ProblemError {
  const limited = code === "INSTAGRAM_RATE_LIMITED";
  const problem = { ...PROBLEMS[code], code, ...(limited && { type: REDUCED_CAPACITY }) };
  return new ProblemError(problem, limited ? { retryAfter: retryAfter ?? DEFAULT_WAIT } : {});
}

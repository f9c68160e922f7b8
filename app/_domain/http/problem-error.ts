import type { Problem } from "headgate/respond";

/** Thrown when a request cannot go on: the route responds with the problem. */
export class ProblemError extends Error {
  readonly problem: Problem;
  /** Seconds after which the client may try again; undefined when waiting does not help. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, options: { retryAfter?: number; cause?: unknown } = {}) {
    super(problem.title, options);
    this.name = "ProblemError";
    this.problem = problem;
    this.retryAfter = options.retryAfter;
  }
}

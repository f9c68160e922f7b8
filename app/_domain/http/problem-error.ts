import type { Problem } from "headgate/respond";

/** Thrown where a request cannot go on: the route answers the problem. */
export class ProblemError extends Error {
  readonly problem: Problem;
  /** Seconds after which it is worth trying again; undefined where waiting does not help. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, options: { retryAfter?: number; cause?: unknown } = {}) {
    super(problem.title, options);
    this.name = "ProblemError";
    this.problem = problem;
    this.retryAfter = options.retryAfter;
  }
}

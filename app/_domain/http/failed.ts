import { reportFailure } from "#app/_domain/report-failure";
import { StoreError } from "headgate/redis";
import { problemResponse, REDUCED_CAPACITY } from "headgate/respond";
import { ProblemError } from "./problem-error.ts";

/** Returns the response to an error of a handler: its own problem, 503 when the store failed, else 500. */
export function failed(error: unknown): Response {
  if (error instanceof ProblemError) {
    const { problem, retryAfter } = error;
    if (error.cause) reportFailure(problem.title, error.cause);
    const headers = retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) };
    return problemResponse(problem, headers);
  }
  reportFailure("a route handler", error);
  return error instanceof StoreError ? problemResponse(UNAVAILABLE) : problemResponse(MISTAKE);
}

const UNAVAILABLE = {
  type: REDUCED_CAPACITY,
  title: "The store is unavailable",
  status: 503,
  detail: "The request may not have been carried out. Please try again shortly.",
};

const MISTAKE = {
  title: "The server made a mistake",
  status: 500,
  detail: "Trying again does not help; we have to correct the error.",
};

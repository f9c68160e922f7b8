import { reportFailure } from "#app/_domain/report-failure";
import { StoreError } from "headgate/redis";
import { problemResponse, REDUCED_CAPACITY } from "headgate/respond";
import { ProblemError } from "./problem-error.ts";

/** The answer for what a handler threw: its own problem, 503 where the store failed, else 500. */
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
  title: "The store does not answer",
  status: 503,
  detail: "It may not have been done. Please try again shortly.",
};

const MISTAKE = {
  title: "The server made a mistake",
  status: 500,
  detail: "Something is wrong on our side. Trying again does not help.",
};

import { type Decision, violated } from "#lib/core/decision";
import { durationInWords } from "#lib/core/duration";
import { formatSize } from "#lib/core/size";
import { preferred } from "./accept.ts";
import { type LegacyHeaders, writeLimitHeaders } from "./headers.ts";
import { PAGE_HEADERS, refusalPage } from "./page.ts";
import { type Problem, problemResponse, QUOTA_EXCEEDED, REDUCED_CAPACITY } from "./problem.ts";

/** The offered types, in our order of preference: a client that accepts any type gets the problem. */
const OFFERED = ["application/problem+json", "application/json", "text/html"];

/** The longest Accept header that is read, in characters. Every browser's is shorter. */
const MAX_ACCEPT = 1024;

/**
 * Makes the response to a denied request. The status is 429 when a limit had no capacity, 403 when the client
 * is blocked, 413 when the body was too large, and 411 when its length was not known. It is 503 when the store
 * failed and the rule denies, and 500 when a handler's call was wrong. A Server Action of Next's gets plain
 * text, a client that prefers text/html gets a page, and every other client gets problem details (RFC 9457).
 * The response is never cached.
 *
 * @example
 * if (!decision.allowed) return deniedResponse(request, decision, false);
 */
export function deniedResponse(
  request: Request,
  decision: Decision,
  legacyHeaders: LegacyHeaders,
): Response {
  const answer = denialOf(request, decision);
  writeLimitHeaders(answer.headers, decision, legacyHeaders);
  return answer;
}

/** Makes the response to a denied request without rate-limit headers, which the caller writes. */
export function denialOf(request: Request, decision: Decision): Response {
  const answer = answerTo(request, problemOf(decision));
  answer.headers.append("Vary", "Accept");
  return request.method === "HEAD" ? new Response(null, answer) : answer;
}

function answerTo(request: Request, problem: Problem): Response {
  const { status, detail = "" } = problem;
  if (isServerAction(request)) return new Response(detail, { status, headers: ACTION_HEADERS });
  if (!prefersPage(request)) return problemResponse(problem);
  return new Response(refusalPage(pageTitle(problem), detail), { status, headers: PAGE_HEADERS });
}

/** The type has no charset, since Next compares the whole type. */
const ACTION_HEADERS = { "Content-Type": "text/plain", "Cache-Control": "no-store" };

/** Returns true for a Server Action: Next's router shows the text of a text/plain response to it as the error's message. */
function isServerAction(request: Request): boolean {
  return request.method === "POST" && request.headers.has("next-action");
}

function problemOf(decision: Decision): Problem {
  if (decision.reason === "store-failed") {
    return {
      type: REDUCED_CAPACITY,
      title: "Request cannot be satisfied due to temporary server capacity constraints",
      status: 503,
      detail: "This part of the site is closed for a moment. Please try again shortly.",
    };
  }
  if (decision.reason === "invalid-call") {
    return {
      title: "The server made a mistake",
      status: 500,
      detail: "Something is wrong on our side. Trying again does not help.",
    };
  }
  if (decision.reason === "blocked") {
    return {
      title: "Forbidden",
      status: 403,
      detail: "Requests from this client are not accepted.",
    };
  }
  const { maxBody = 0 } = decision;
  if (decision.reason === "body-too-large") {
    return {
      title: "Content Too Large",
      status: 413,
      detail: `The body of this request must be at most ${formatSize(maxBody)}.`,
    };
  }
  if (decision.reason === "body-length-unknown") {
    return {
      title: "Length Required",
      status: 411,
      detail: `This request must say the length of its body (Content-Length), which must be at most ${formatSize(maxBody)}.`,
    };
  }
  return {
    type: QUOTA_EXCEEDED,
    title: "Request cannot be satisfied as assigned quota has been exceeded",
    status: 429,
    detail: waitInWords(decision.retryAfterMs),
    ...policiesOf(decision),
  };
}

/** Returns the member with the limits that denied; empty when none of them may be named. */
function policiesOf(decision: Decision): { readonly "violated-policies"?: readonly string[] } {
  const names = violated(decision).map((status) => status.policyName);
  return names.length > 0 ? { "violated-policies": names } : {};
}

function pageTitle(problem: Problem): string {
  if (problem.status === 429) return "Too many requests";
  return problem.status === 503 ? "Closed for a moment" : problem.title;
}

function waitInWords(ms: number | undefined): string {
  if (ms === undefined) return "This request asks for more than its limit allows at once.";
  return `Too many requests were made. Please try again in ${durationInWords(ms)}.`;
}

function prefersPage(request: Request): boolean {
  const accept = request.headers.get("accept") ?? "*/*";
  if (accept.length > MAX_ACCEPT) return false;
  return preferred(accept, OFFERED) === "text/html";
}

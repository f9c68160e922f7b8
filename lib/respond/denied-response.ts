import { type Decision, violated } from "#lib/core/decision";
import { durationInWords } from "#lib/core/duration";
import { formatSize } from "#lib/core/size";
import { preferred } from "./accept.ts";
import { type LegacyHeaders, writeLimitHeaders } from "./headers.ts";
import { PAGE_HEADERS, refusalPage } from "./page.ts";
import { type Problem, problemResponse, QUOTA_EXCEEDED, REDUCED_CAPACITY } from "./problem.ts";

/** In the order that we prefer: a client that takes anything gets the problem. */
const OFFERED = ["application/problem+json", "application/json", "text/html"];

/** An Accept header is a client's: what is longer than any browser's is not read. */
const MAX_ACCEPT = 1024;

/**
 * Makes the answer to a denied request: 429 where a limit had no capacity, 403 where the client is blocked,
 * 413 and 411 where the body was too large or did not say its length, 503 where the store failed and the
 * rule denies, 500 where a handler's call was wrong. A Server Action of Next's gets words, a client that
 * prefers text/html a page, every other client problem details (RFC 9457). The answer is never cached.
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

/** Makes the answer to a denied request without the headers of the limits, which are written once. */
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

/** Without a charset: Next compares the whole type. */
const ACTION_HEADERS = { "Content-Type": "text/plain", "Cache-Control": "no-store" };

/** Next's router shows the words of such an answer, and of no other, as the error's message. */
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

/** Left out where no limit may be named that refused. */
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

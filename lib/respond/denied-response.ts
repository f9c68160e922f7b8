import { type Decision, violated } from "#lib/core/decision";
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
 * Makes the answer to a denied request: 429 where a limit had no capacity, 413 and 411 where the body was
 * too large or did not say its length, 503 where the store failed and the rule denies, 500 where a
 * handler's call was wrong. A Server Action of Next's gets words, a client that prefers text/html a page,
 * every other client problem details (RFC 9457). The answer is never cached.
 *
 * @example
 * if (!decision.allowed) return deniedResponse(request, decision, false);
 */
export function deniedResponse(
  request: Request,
  decision: Decision,
  legacyHeaders: LegacyHeaders,
): Response {
  const answer = answerTo(request, problemOf(decision));
  answer.headers.set("Cache-Control", "no-store");
  answer.headers.append("Vary", "Accept");
  writeLimitHeaders(answer.headers, decision, legacyHeaders);
  return request.method === "HEAD" ? new Response(null, answer) : answer;
}

function answerTo(request: Request, problem: Problem): Response {
  const { status, detail = "" } = problem;
  if (isServerAction(request)) {
    // Without a charset: Next compares the whole value.
    return new Response(detail, { status, headers: { "Content-Type": "text/plain" } });
  }
  if (!prefersPage(request)) return problemResponse(problem);
  return new Response(refusalPage(pageTitle(problem), detail), { status, headers: PAGE_HEADERS });
}

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
  return `Too many requests were made. Please try again in ${duration(Math.ceil(ms / 1000))}.`;
}

/** The two largest units, rounded up: "1 hour 5 minutes". */
function duration(totalSeconds: number): string {
  const minutes =
    totalSeconds < 3600 ? Math.floor(totalSeconds / 60) : Math.ceil(totalSeconds / 60);
  if (minutes < 60) return words([minutes, "minute"], [totalSeconds % 60, "second"]);
  const hours = minutes < 1440 ? Math.floor(minutes / 60) : Math.ceil(minutes / 60);
  if (hours < 24) return words([hours, "hour"], [minutes % 60, "minute"]);
  return words([Math.floor(hours / 24), "day"], [hours % 24, "hour"]);
}

function words(...parts: readonly (readonly [number, string])[]): string {
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`)
    .join(" ");
}

function prefersPage(request: Request): boolean {
  const accept = request.headers.get("accept") ?? "*/*";
  if (accept.length > MAX_ACCEPT) return false;
  return preferred(accept, OFFERED) === "text/html";
}

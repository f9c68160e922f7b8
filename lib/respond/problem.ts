/** Problem details (RFC 9457); further members are those of the problem type. */
export interface Problem {
  /**
   * A URI that names the kind of problem.
   * @default "about:blank": the status names it
   * @example
   * problemResponse({ type: QUOTA_EXCEEDED, title: "Too many songs", status: 429 });
   */
  readonly type?: string;
  /**
   * The name of the kind of problem, for people.
   * @example
   * problemResponse({ title: "Not Found", status: 404 });
   */
  readonly title: string;
  /**
   * The status of the response.
   * @example
   * problemResponse({ title: "Not Found", status: 404 });
   */
  readonly status: number;
  /**
   * A sentence about this occurrence of the problem, for people.
   * @default no detail
   * @example
   * problemResponse({ title: "Not Found", status: 404, detail: "There is no such song." });
   */
  readonly detail?: string;
  readonly [member: string]: unknown;
}

/** The problem type of a request over its quota, from IANA's registry of HTTP problem types. */
export const QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded";
/** The problem type of a server that cannot serve for a while, from the same registry. */
export const REDUCED_CAPACITY =
  "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";

/**
 * Makes a response of application/problem+json from a problem. It is never cached.
 *
 * @example
 * return problemResponse({ title: "Not Found", status: 404, detail: "There is no such song." });
 */
export function problemResponse(problem: Problem, headers?: HeadersInit): Response {
  const answer = new Response(JSON.stringify({ type: "about:blank", ...problem }), {
    status: problem.status,
    ...(headers && { headers }),
  });
  answer.headers.set("content-type", "application/problem+json");
  answer.headers.set("cache-control", "no-store");
  return answer;
}

import { ask } from "./ask.ts";
import { readRetryAfter } from "./limit-status.ts";
import { QUOTA_EXCEEDED, REDUCED_CAPACITY } from "headgate/respond";
import type { SampleRequest } from "./sample-request.ts";

/**
 * The result of a request at the gate:
 *
 * - "allowed" within its limits
 * - "denied" by a limit
 * - "failed" when no response arrived, or when a rule denied it because the store failed
 * - "uncounted" when it was allowed and no limit was checked, for example because the store failed and
 *   the rule fails open
 */
export type Outcome = "allowed" | "denied" | "failed" | "uncounted";

/** The result of one request. */
export interface Answer {
  readonly outcome: Outcome;
  /** The status line without the protocol, such as "429 Too Many Requests". */
  readonly status: string;
  /** The number in the status line; 0 when no response arrived, or when scripts cannot see it. */
  readonly code: number;
  /** When it was sent, in milliseconds of the page's monotonic clock. */
  readonly sentAt: number;
  readonly durationMs: number;
  /** The response's headers about limits. */
  readonly headers: Headers;
  /** Seconds until the gate opens; undefined when the gate allowed the request. */
  readonly retryAfter: number | undefined;
}

const SHOWN = /^(?:x-)?(?:rate-?limit|retry-after|cache$|headgate)/;

/** The phrase of each status, which HTTP/2 does not send. */
const PHRASES: Readonly<Record<number, string>> = {
  429: "Too Many Requests",
  503: "Service Unavailable",
};

/** Sends one request. A failure is an answer too, so that the page can show it. */
export async function send(sample: SampleRequest, token?: string): Promise<Answer> {
  const sentAt = performance.now();
  try {
    const response = await ask(sample, token);
    const durationMs = performance.now() - sentAt;
    const outcome = await outcomeOf(response, sample.isHeld);
    const headers = limitHeaders(response.headers);
    // A Retry-After of the route itself does not close the gate.
    const isStopped = outcome === "denied" || outcome === "failed";
    const retryAfter = isStopped ? readRetryAfter(headers) : undefined;
    const [status, code] = [statusOf(response), response.status];
    return { outcome, status, code, sentAt, durationMs, headers, retryAfter };
  } catch {
    return {
      outcome: "failed",
      status: "No answer arrived.",
      code: 0,
      sentAt,
      durationMs: performance.now() - sentAt,
      headers: new Headers(),
      retryAfter: undefined,
    };
  }
}

async function outcomeOf(response: Response, isHeld: boolean): Promise<Outcome> {
  const { status, headers } = response;
  if (status === 429 || status === 503) {
    const type = await problemType(response);
    if (type === QUOTA_EXCEEDED) return "denied";
    if (type === REDUCED_CAPACITY) return "failed";
  } else await response.body?.cancel();
  // Scripts cannot see the headers of a redirect. Only routes redirect, so the gate allowed the
  // request.
  if (response.type === "opaqueredirect") return "allowed";
  return isHeld && !headers.has("RateLimit-Policy") ? "uncounted" : "allowed";
}

/** Returns the type of a problem (RFC 9457); undefined when the body is not a problem. */
async function problemType(response: Response): Promise<string | undefined> {
  try {
    const body: { readonly type?: string } | null = await response.json();
    return body?.type;
  } catch {
    return undefined;
  }
}

function statusOf({ status, statusText, type }: Response): string {
  if (type === "opaqueredirect") return "A redirect";
  return `${status} ${statusText || (PHRASES[status] ?? "")}`.trim();
}

function limitHeaders(headers: Headers): Headers {
  return new Headers([...headers].filter(([name]) => SHOWN.test(name)));
}

/**
 * Returns an answer's status as text for people. A 401 or 404 is named as the route's, because the gate
 * allowed the request.
 */
export function statusInWords({ outcome, code, status }: Answer): string {
  const isOfRoute = code >= 400 && (outcome === "allowed" || outcome === "uncounted");
  return isOfRoute ? `${outcome}; the route answered ${status}` : status;
}

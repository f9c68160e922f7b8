import { ask } from "./ask.ts";
import { readRetryAfter } from "./limit-status.ts";
import { QUOTA_EXCEEDED, REDUCED_CAPACITY } from "headgate/respond";
import type { SampleRequest } from "./sample-request.ts";

/**
 * What the gate made of a request: passed within its limits; refused for want of room; not answered,
 * or refused because the store failed; passed without a limit, as when the store failed and the rule
 * lets requests by.
 */
export type Outcome = "allowed" | "denied" | "failed" | "ungated";

/** What came back to one request. */
export interface Answer {
  readonly outcome: Outcome;
  /** The status line without the protocol, such as "429 Too Many Requests". */
  readonly status: string;
  readonly durationMs: number;
  /** Those that speak of limits, as they came. */
  readonly headers: Headers;
  /** Seconds until the gate opens; undefined where it let this one by. */
  readonly retryAfter: number | undefined;
}

const SHOWN = /^(?:x-)?(?:rate-?limit|retry-after|cache$|headgate)/;

/** HTTP/2 sends no phrase with a status. */
const PHRASES: Readonly<Record<number, string>> = {
  429: "Too Many Requests",
  503: "Service Unavailable",
};

/** Sends one request. Every failure is an answer too, so that the page can tell of it. */
export async function send(sample: SampleRequest, token?: string): Promise<Answer> {
  const began = performance.now();
  try {
    const response = await ask(sample, token);
    const durationMs = performance.now() - began;
    const outcome = await outcomeOf(response, sample.isHeld);
    const headers = limitHeaders(response.headers);
    // What a route asks to wait for is no closed gate.
    const isStopped = outcome === "denied" || outcome === "failed";
    const retryAfter = isStopped ? readRetryAfter(headers) : undefined;
    return { outcome, status: statusOf(response), durationMs, headers, retryAfter };
  } catch {
    return {
      outcome: "failed",
      status: "No answer came.",
      durationMs: performance.now() - began,
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
  // A redirect's headers are hidden from scripts; it came from behind the gate.
  if (response.type === "opaqueredirect") return "allowed";
  return isHeld && !headers.has("RateLimit-Policy") ? "ungated" : "allowed";
}

/** The type of a problem (RFC 9457); undefined where the body is none. */
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

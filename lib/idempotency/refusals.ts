import { problemResponse, REDUCED_CAPACITY } from "#lib/respond/problem";
import { IDEMPOTENCY_KEY } from "./key.ts";

/** The route needs the header, and the request has none (section 2.7 of the draft). */
export function missingKey(): Response {
  return problemResponse({
    status: 400,
    title: "Idempotency-Key is missing",
    detail: `This needs the header ${EXAMPLE}: the same for the same request, another for another.`,
  });
}

/** The header holds no key, or more than one. */
export function invalidKey(): Response {
  return problemResponse({
    status: 400,
    title: "Idempotency-Key is not valid",
    detail: `${IDEMPOTENCY_KEY} must be one key of 1 to 255 characters, sent once: in double quotes, or without them where it has only letters, digits and -._~:/+=@, not a list. An example is ${EXAMPLE}.`,
  });
}

/** The key was sent with another request. */
export function otherRequest(): Response {
  return problemResponse({
    status: 422,
    title: "Idempotency-Key is already used",
    detail: "It was sent with another method, path or body. Another request needs another key.",
  });
}

/** The first request with the key is still being run. */
export function inProgress(retryAfterMs: number): Response {
  return problemResponse(
    {
      status: 409,
      title: "A request with this Idempotency-Key is being worked on",
      detail:
        "Send it again after Retry-After: its answer is there by then, or it is run, or the first is still at work.",
    },
    retryAfter(retryAfterMs),
  );
}

/** It was done; there is nothing to repeat. */
export function answerNotKept(): Response {
  return problemResponse({
    status: 409,
    title: "The request was done, and its answer is not kept",
    detail: "It is not run again. Ask for its outcome in another way, or send another key.",
  });
}

/** Nobody knows whether the request was run. */
export function storeFailed(retryAfterMs: number): Response {
  return problemResponse(
    {
      type: REDUCED_CAPACITY,
      status: 503,
      title: "Request cannot be satisfied due to temporary server capacity constraints",
      detail:
        "Whether it was done before is not known now. Please send it again with the same key.",
    },
    retryAfter(retryAfterMs),
  );
}

/** The body did not come to its end, so that nobody knows which request it was. */
export function brokenBody(): Response {
  return problemResponse({ status: 400, title: "Bad request", detail: "The body broke off." });
}

export function tooLarge(maxBytes: number): Response {
  return problemResponse({
    status: 413,
    title: "Content too large",
    detail: `With an ${IDEMPOTENCY_KEY} a body may have at most ${maxBytes} bytes.`,
  });
}

const EXAMPLE = `${IDEMPOTENCY_KEY}: "8e03978e-40d5-43dd-bc93-6894a57f9324"`;

function retryAfter(ms: number): HeadersInit {
  return { "Retry-After": String(Math.ceil(ms / 1000)) };
}

import { problemResponse, REDUCED_CAPACITY } from "#lib/respond/problem";
import { IDEMPOTENCY_KEY } from "./key.ts";

/**
 * Returns the response to a request without the header on a route that requires it (section 2.7 of the
 * draft).
 */
export function missingKey(): Response {
  return problemResponse({
    status: 400,
    title: "Idempotency-Key is missing",
    detail: `This request needs the header ${EXAMPLE}. Send the same key with the same request, and a new key with a new request.`,
  });
}

/** Returns the response to a header that holds no valid key, or more than one. */
export function invalidKey(): Response {
  return problemResponse({
    status: 400,
    title: "Idempotency-Key is not valid",
    detail: `${IDEMPOTENCY_KEY} must be one key of 1 to 255 characters, sent once and not as a list. Put it in double quotes; a key of only letters, digits and -._~:/+=@ needs none. An example is ${EXAMPLE}.`,
  });
}

/** Returns the response to a request whose key was sent with another request. */
export function otherRequest(): Response {
  return problemResponse({
    status: 422,
    title: "Idempotency-Key is already used",
    detail: "The key was sent with another method, path or body. A new request needs a new key.",
  });
}

/** Returns the response to a request whose key belongs to a request that is still running. */
export function inProgress(retryAfterMs: number): Response {
  return problemResponse(
    {
      status: 409,
      title: "A request with this Idempotency-Key is still running",
      detail:
        "Send it again after Retry-After. If the first request is still running then, you get this response again.",
    },
    retryAfter(retryAfterMs),
  );
}

/** Returns the response to a request that was done, when its response was not stored. */
export function answerNotKept(): Response {
  return problemResponse({
    status: 409,
    title: "The request was done, and its response was not stored",
    detail: "The request is not run again. Look up its outcome in another way, or send a new key.",
  });
}

/** Returns the response when the store failed, so that it is unknown whether the request was run. */
export function storeFailed(retryAfterMs: number): Response {
  return problemResponse(
    {
      type: REDUCED_CAPACITY,
      status: 503,
      title: "Request cannot be satisfied due to temporary server capacity constraints",
      detail:
        "It is unknown whether the request was done before. Please send it again with the same key.",
    },
    retryAfter(retryAfterMs),
  );
}

/** Returns the response to a body that broke off, so that the request cannot be compared. */
export function brokenBody(): Response {
  return problemResponse({
    status: 400,
    title: "Bad request",
    detail: "The request body broke off before its end.",
  });
}

export function tooLarge(maxBytes: number): Response {
  return problemResponse({
    status: 413,
    title: "Content too large",
    detail: `A request with an ${IDEMPOTENCY_KEY} may have a body of at most ${maxBytes} bytes.`,
  });
}

const EXAMPLE = `${IDEMPOTENCY_KEY}: "8e03978e-40d5-43dd-bc93-6894a57f9324"`;

function retryAfter(ms: number): HeadersInit {
  return { "Retry-After": String(Math.ceil(ms / 1000)) };
}

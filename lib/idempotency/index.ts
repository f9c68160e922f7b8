/** The Idempotency-Key header: a request that is sent again gets the response of the first. */
export { createIdempotent, type Idempotent, type IdempotencyOptions } from "./idempotent.ts";

/** The Idempotency-Key header: a request that is sent again is answered as the first one was. */
export { createIdempotent, type Idempotent, type IdempotencyOptions } from "./idempotent.ts";

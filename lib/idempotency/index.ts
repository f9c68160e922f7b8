/** The Idempotency-Key header: a request that is sent again is answered as the first one was. */
export { idempotent } from "./idempotent.ts";

/** Dedup counts a thing once, on every instance. */
export type { ClaimToken } from "./claim.ts";
export type { CountOptions } from "./count.ts";
export { createDedup, type Counter, type Dedup, type Entry } from "./dedup.ts";
export type { Effect } from "./effect.ts";
export type { OnceOptions } from "./once.ts";
export type { ClaimOptions } from "./terms.ts";

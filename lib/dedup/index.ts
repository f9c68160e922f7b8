/** Dedup: a thing counts once, on every instance. */
export { createDedup, type Counter, type Dedup, type Entry } from "./dedup.ts";

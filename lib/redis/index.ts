/** The store's client: @upstash/redis with a deadline, a breaker, batches and scripts. */
export type { BreakerChange } from "./breaker.ts";
export { type Redis, redisOf } from "./client.ts";
export type { Timed } from "./deadline.ts";
export { isStoreFailure, StoreError } from "./errors.ts";
export { type Keys, keyNames } from "./keys.ts";
export type { BreakerSettings } from "./requester.ts";
export type { Requester } from "./upstash-protocol.ts";
export { defineScript, runScriptWithRetry, type Script } from "./script.ts";
export { createScriptStore, type ScriptStore } from "./script-store.ts";

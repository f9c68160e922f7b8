/** The store's client: @upstash/redis with a deadline, a breaker, batches and scripts. */
export type { BreakerChange } from "./breaker.ts";
export { type Redis, redisOf, redisOver } from "./client.ts";
export { isStoreFailure, StoreError } from "./errors.ts";
export { GATHER_MS, joinCalls } from "./joining.ts";
export { type Keys, keyNames } from "./keys.ts";
export { type BreakerSettings, createRequester, type Requester } from "./requester.ts";
export { defineScript, runScriptWithRetry } from "./script.ts";
export { createScriptStore, type ScriptStore, scriptStoreOver } from "./script-store.ts";

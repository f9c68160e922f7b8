/**
 * Limits for a Next.js app: the policy, the gate for its middleware, and the same limits for calls
 * from handlers. Every other tool of handlers has its own entry, so that no bundle contains code that it does
 * not use: `headgate/dedup`, `headgate/locks`, `headgate/idempotency`, `headgate/redis` and others.
 */
export { createHeadgate, type Gate, type GateHandle, type GateSettings } from "./create.ts";
export { headgate } from "./headgate.ts";
export { fromEnv } from "./env.ts";
export type { FromEnvOptions, HeadgateEnvironment } from "./environment.ts";
export type { HeadgateOptions } from "./options.ts";
export { createLimits, type Limits } from "./limits.ts";
export { createVisitorHeaders } from "./visitor.ts";
export { checkStore, storeWarning } from "./check-store.ts";
export type { AfterAnswer } from "./responses.ts";
export {
  type Condition,
  type Conditions,
  defineConditions,
  defineIdentities,
  definePolicy,
  type PolicyInput,
} from "#lib/policy/define";
export type { Identity } from "#lib/policy/types";
export { readRewrites } from "#lib/policy/rewrites";
export { type MatcherEntry, runsOn } from "./runs-on.ts";
export type { HeadgateEvent, Listener } from "#lib/observe/events";
export { logEvents } from "#lib/observe/log";
export type { Decision } from "#lib/core/decision";
export { type Duration, formatDuration, parseDuration } from "#lib/core/duration";
export { type ErrorCode, HeadgateError, isHeadgateError } from "#lib/core/errors";
export { printError } from "#lib/core/print-error";
export type { GateMode } from "#lib/core/mode";
export { readUpTo } from "#lib/core/read-up-to";
export { isHttps } from "#lib/core/scheme";
export { within } from "#lib/core/within";

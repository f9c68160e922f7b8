import type { HeadgateEvent } from "#lib/observe/events";
import { StoreError } from "#lib/redis/errors";

/** A request for which the store failed. */
export const FAILED = {
  kind: "decision",
  rules: ["api"],
  method: "GET",
  patterns: { api: "/api/:path*", search: "/api/search" },
  onStoreFailure: "local",
  addressKnown: true,
  mode: "enforce",
  requestId: undefined,
  decidedAt: 1_750_000_000_000,
  tookMs: 3.4,
  decision: {
    allowed: true,
    reason: "store-failed",
    limits: [],
    shadows: [],
    retryAfterMs: undefined,
    at: undefined,
    counted: "nowhere",
    error: new StoreError("STORE_TIMEOUT", "EVALSHA: no answer"),
  },
} satisfies HeadgateEvent;

/** A decision of the store. */
export const PASSED = {
  allowed: true,
  reason: "within-limit",
  limits: [],
  shadows: [],
  retryAfterMs: undefined,
  at: undefined,
  counted: "in-store",
} as const;

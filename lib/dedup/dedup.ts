import type { Claims } from "./claim.ts";
import { createClaims } from "./claims.ts";
import { type Count, createCount } from "./count.ts";
import { createOnce, type RunOnce } from "./once.ts";
import { checkTtl } from "./options.ts";
import type { DedupOptions } from "./parts.ts";

export type { Claim, ClaimToken } from "./claim.ts";
export type { Counter, Entry } from "./effect.ts";
export type { DedupOptions } from "./parts.ts";

/** Dedup of all instances over one store: each event counts once. */
export interface Dedup extends Claims {
  /**
   * Returns true when an event counts: the first time within `ttlSeconds`, and when the store fails. It
   * is for work that cannot fail after this call; `once` and `count` are for work that can.
   *
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
   */
  shouldTrackEvent: (key: string, ttlSeconds: number) => Promise<boolean>;
  readonly once: RunOnce;
  readonly count: Count;
}

/**
 * Makes the dedup, which counts a thing once on all instances: `SET key value NX EX ttl`, with an
 * owner.
 *
 * @example
 * const dedup = createDedup(gate);
 * if (await dedup.shouldTrackEvent("view:ada:song-7", 300)) count();
 */
export function createDedup(parts: DedupOptions): Dedup {
  const claims = createClaims(parts);
  return {
    claim: (key, options) => claims.claim(key, options),
    claimMany: (keys, options) => claims.claimMany(keys, options),
    commit: (token, result, effect) => claims.commit(token, result, effect),
    extend: (token, lease) => claims.extend(token, lease),
    release: (token) => claims.release(token),
    once: createOnce(claims, parts),
    count: createCount(parts),
    async shouldTrackEvent(key, ttlSeconds) {
      checkTtl(ttlSeconds);
      return (await claims.claim(key, { window: ttlSeconds })).state === "first";
    },
  };
}

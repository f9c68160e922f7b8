import { HeadgateError } from "#lib/core/errors";
import type { ScriptStore } from "#lib/redis/script-store";
import type { Keys } from "#lib/redis/keys";
import { defineScript, runOwned } from "#lib/redis/script";

export interface DedupOptions {
  readonly redis: ScriptStore;
  readonly keys: Pick<Keys, "event">;
  /** Stands for a key in Redis, where no name of a person may be. */
  readonly pseudonym: (kind: string, value: string) => string;
  /** Hears of a store that fails. */
  readonly onFailure: (what: string, error: unknown) => void;
}

/** A first sight of an event, or not; what `claimEvent` answers. */
export interface EventClaim {
  /** Whether the event counts: nobody else has claimed it. */
  readonly isFirst: boolean;
  /** False where the store could not say, and `onStoreFailure` did. */
  readonly isCertain: boolean;
  /** For a claimed event that could not be recorded: gives the claim up, so that it may come again. */
  giveUp(): Promise<void>;
}

export interface ClaimOptions {
  /**
   * What an event is while the store fails: "open", the first, so that none is lost; or "closed", not
   * the first, so that none counts twice.
   * @default "open"
   */
  readonly onStoreFailure?: "open" | "closed";
}

/** Makes things count once, on all instances over one store. */
export interface Dedup {
  /**
   * Whether an event counts: true the first time within `ttlSeconds`, and where the store fails.
   *
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
   */
  shouldTrackEvent: (key: string, ttlSeconds: number) => Promise<boolean>;
  /**
   * The same as a claim that can be given up, for what may fail after it was found to be the first.
   *
   * @throws {HeadgateError} DEDUP_BAD_ARGUMENT
   */
  claimEvent: (key: string, ttlSeconds: number, options?: ClaimOptions) => Promise<EventClaim>;
}

const MAX_TTL_SECONDS = 31 * 24 * 3600;

/**
 * Claims an event that nobody has claimed, or this owner already: a claim whose answer was lost is
 * sent again and finds itself. KEYS: the event. ARGV: the claim's owner, seconds.
 */
const CLAIM = defineScript(`
local owner = redis.call("GET", KEYS[1])
if owner then return owner == ARGV[1] and 1 or 0 end
redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2])
return 1
`);

/** Deletes a claim, if it is still this one. KEYS: the event. ARGV: the claim's owner. */
const GIVE_UP = defineScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])
`);

/** Makes the dedup: the seed's `SET key value NX EX ttl`, by an owner. */
export function createDedup({ redis, keys, pseudonym, onFailure }: DedupOptions): Dedup {
  async function claimEvent(
    key: string,
    ttlSeconds: number,
    { onStoreFailure = "open" }: ClaimOptions = {},
  ): Promise<EventClaim> {
    checkKey(key);
    checkTtl(ttlSeconds);
    const name = keys.event(pseudonym("event", key));
    const owner = crypto.randomUUID();
    const giveUp = async () => {
      try {
        await runOwned(redis, GIVE_UP, [name], [owner]);
      } catch (error) {
        onFailure("giving up an event", error);
      }
    };
    try {
      const isFirst = (await runOwned(redis, CLAIM, [name], [owner, ttlSeconds])) === 1;
      return { isFirst, isCertain: true, giveUp: isFirst ? giveUp : async () => {} };
    } catch (error) {
      onFailure("claiming an event", error);
      // It may be claimed without our knowing, so that it can be given up either way.
      return { isFirst: onStoreFailure === "open", isCertain: false, giveUp };
    }
  }

  return {
    claimEvent,
    shouldTrackEvent: async (key, ttlSeconds) => (await claimEvent(key, ttlSeconds)).isFirst,
  };
}

/** A number or nothing would be the text that it is written as, which is another key. */
function checkKey(key: unknown): void {
  if (typeof key === "string") return;
  throw new HeadgateError("DEDUP_BAD_ARGUMENT", `key is a ${typeof key}; allowed: text.`);
}

function checkTtl(ttlSeconds: number): void {
  if (Number.isSafeInteger(ttlSeconds) && ttlSeconds >= 1 && ttlSeconds <= MAX_TTL_SECONDS) return;
  throw new HeadgateError(
    "DEDUP_BAD_ARGUMENT",
    `ttlSeconds is ${ttlSeconds}; allowed: whole seconds from 1 to ${MAX_TTL_SECONDS} (31 days).`,
  );
}

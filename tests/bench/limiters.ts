import { createHash } from "node:crypto";
import { Ratelimit } from "@upstash/ratelimit";
import type { Redis } from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { RedisLimits } from "#lib/limit/stores/redis";
import type { Algorithm } from "#lib/policy/types";
import { keyNames } from "#lib/redis/keys";
import { rejected } from "#lib/redis/errors";
import type { ScriptStore } from "#lib/redis/script-store";
import { chargeOf } from "../support/charge.ts";

/** Consumes units of one client's limits, and resolves to true if there was capacity. */
export type Take = (client: string, cost: number) => Promise<boolean>;

/** A compared limiter of some limits, over one Redis. */
export interface Limiter {
  readonly what: string;
  /** Makes the limiter. All limits have different windows, so that each has separate keys. */
  make(redis: Redis, limits: number, limit: number, windowsMs?: readonly number[]): Take;
}

const WINDOWS_MS = [60_000, 3_600_000, 600_000, 900_000, 1_800_000] as const;

/** Makes the limiter of the gate, which checks all limits in one script. */
export function ours(algorithm: Algorithm): Limiter {
  return {
    what: `Headgate, ${algorithm}`,
    make(redis, limits, limit, windowsMs = WINDOWS_MS) {
      const keys = keyNames("bench");
      const store = new RedisLimits(scriptsOver(redis));
      return async (client, cost) => {
        const name = createHash("sha256").update(client).digest("base64url").slice(0, 22);
        const charges = windowsMs.slice(0, limits).map((windowMs) => {
          const key = keys.rateLimit(name, `api:ip:${windowMs}:2`);
          return { ...chargeOf(key, { limit, cost, windowMs, algorithm }), client: name };
        });
        const charged = await store.consume(charges);
        return charged.every(({ status }) => status.waitMs === 0);
      };
    },
  };
}

type UpstashAlgorithm = "slidingWindow" | "fixedWindow" | "tokenBucket";

/** Makes the package's limiter without its cache in the process. It sends a call for each limit. */
export function upstash(algorithm: UpstashAlgorithm): Limiter {
  return {
    what: `@upstash/ratelimit, ${algorithm}`,
    make(redis, limits, limit, windowsMs = WINDOWS_MS) {
      const store = upstashOver(redis);
      const limiters = windowsMs.slice(0, limits).map((windowMs) => {
        const limiter =
          algorithm === "tokenBucket"
            ? Ratelimit.tokenBucket(limit, `${windowMs} ms`, limit)
            : Ratelimit[algorithm](limit, `${windowMs} ms`);
        const prefix = `@upstash/ratelimit:${windowMs}`;
        return new Ratelimit({ redis: store, limiter, prefix, ephemeralCache: false });
      });
      return async (client, cost) => {
        const answers = await Promise.all(
          limiters.map((limiter) => limiter.limit(client, { rate: cost })),
        );
        return answers.every(({ success }) => success);
      };
    },
  };
}

/** Makes the limiter of rate-limiter-flexible. Its fixed windows begin with each client's first request. */
export function flexible(): Limiter {
  return {
    what: "rate-limiter-flexible",
    make(redis, limits, limit) {
      const limiters = WINDOWS_MS.slice(0, limits).map(
        (windowMs) =>
          new RateLimiterRedis({
            storeClient: redis,
            keyPrefix: `rlflx:${windowMs}`,
            points: limit,
            duration: windowMs / 1000,
          }),
      );
      return async (client, cost) => {
        try {
          await Promise.all(limiters.map((limiter) => limiter.consume(client, cost)));
          return true;
        } catch (refusal) {
          if (refusal instanceof Error) throw refusal;
          return false;
        }
      };
    },
  };
}

/** Runs our scripts by TCP, because HTTP is not measured here. */
function scriptsOver(redis: Redis): ScriptStore {
  const call = async (name: "eval" | "evalsha", script: string, keys: string[], args: string[]) => {
    try {
      return await redis[name](script, keys.length, ...keys, ...args);
    } catch (error) {
      throw rejected(name.toUpperCase(), error instanceof Error ? error.message : "");
    }
  };
  return {
    eval: (lua, keys, args) => call("eval", lua, keys, args),
    evalsha: (sha, keys, args) => call("evalsha", sha, keys, args),
    pipeline() {
      throw new Error("One client's limits need no pipeline.");
    },
  };
}

/** The used part of the package's client. Redis 7.0 does not know the flag of its scripts. */
function upstashOver(redis: Redis): ConstructorParameters<typeof Ratelimit>[0]["redis"] {
  const known = new Map<string, string>();
  const client = {
    async evalsha(sha: string, keys: string[], args: unknown[]) {
      const plain = known.get(sha);
      if (plain === undefined) throw new Error("NOSCRIPT");
      return redis.evalsha(plain, keys.length, ...keys, ...args.map(String));
    },
    async eval(script: string, keys: string[], args: unknown[]) {
      const sha = createHash("sha1").update(script).digest("hex");
      known.set(sha, String(await redis.script("LOAD", script.replace(/^#!lua.*/, ""))));
      return client.evalsha(sha, keys, args);
    },
  };
  return client as unknown as ConstructorParameters<typeof Ratelimit>[0]["redis"];
}

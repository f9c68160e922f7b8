import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { sure } from "../timing.ts";
import type { BilledCase, Cost } from "./world.ts";

/** A check by @upstash/ratelimit over @upstash/redis, without its cache in the process. */
function checkBy(
  cost: Cost,
  limiterOf: (limit: number) => ConstructorParameters<typeof Ratelimit>[0]["limiter"],
  { after, isDenied = false }: { readonly after: number; readonly isDenied?: boolean },
): BilledCase {
  return {
    ...cost,
    async prepare({ url, token, unique }) {
      const ratelimit = new Ratelimit({
        redis: new Redis({ url, token, enableTelemetry: false }),
        limiter: limiterOf(isDenied ? 1 : 5000),
        prefix: unique,
        ephemeralCache: false,
      });
      const check = async () => (await ratelimit.limit("203.0.113.9")).success;
      for (let i = 0; i < after; i += 1) await check();
      return async () => sure((await check()) === !isDenied);
    },
  };
}

const sliding = (limit: number) => Ratelimit.slidingWindow(limit, "1 d");
const fixed = (limit: number) => Ratelimit.fixedWindow(limit, "1 d");
const bucket = (limit: number) => Ratelimit.tokenBucket(limit, "1 d", limit);

/** @upstash/ratelimit 2.2.0; its own documentation has the same counts ("Costs"). */
export const UPSTASH_CASES: readonly BilledCase[] = [
  checkBy(
    {
      what: "`slidingWindow`, the first check of a client",
      calls: 1,
      commands: { EVALSHA: 1, GET: 2, INCRBY: 1, PEXPIRE: 1 },
    },
    sliding,
    { after: 0 },
  ),
  checkBy(
    {
      what: "`slidingWindow`, a later one",
      calls: 1,
      commands: { EVALSHA: 1, GET: 2, INCRBY: 1 },
    },
    sliding,
    { after: 1 },
  ),
  checkBy(
    { what: "`slidingWindow`, denied", calls: 1, commands: { EVALSHA: 1, GET: 2 } },
    sliding,
    { after: 1, isDenied: true },
  ),
  checkBy(
    {
      what: "`fixedWindow`, the first check of a client",
      calls: 1,
      commands: { EVALSHA: 1, INCRBY: 1, PEXPIRE: 1 },
    },
    fixed,
    { after: 0 },
  ),
  checkBy(
    { what: "`fixedWindow`, a later one", calls: 1, commands: { EVALSHA: 1, INCRBY: 1 } },
    fixed,
    { after: 1 },
  ),
  checkBy({ what: "`fixedWindow`, denied", calls: 1, commands: { EVALSHA: 1, INCRBY: 1 } }, fixed, {
    after: 1,
    isDenied: true,
  }),
  checkBy(
    {
      what: "`tokenBucket`",
      calls: 1,
      commands: { EVALSHA: 1, HMGET: 1, HSET: 1, PEXPIRE: 1 },
    },
    bucket,
    { after: 1 },
  ),
  checkBy({ what: "`tokenBucket`, denied", calls: 1, commands: { EVALSHA: 1, HMGET: 1 } }, bucket, {
    after: 1,
    isDenied: true,
  }),
];

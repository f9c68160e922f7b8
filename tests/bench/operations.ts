import policy from "#config/rate-limits";
import { UpstashLimits } from "#lib/limit/stores/upstash";
import { createLimits } from "#lib/limits";
import { createRedis } from "#lib/redis/client";
import { gateOptions } from "../support/options.ts";
import { makeTools } from "../support/tools.ts";
import { sure, type Timed } from "./timing.ts";

/** One thing that a handler does with the store. */
export interface Operation extends Timed {
  /** What the seed expected of it, in milliseconds; undefined where it names no figure. */
  readonly seedMs?: number;
}

/** What is measured, on one client of one store; the first is what the others are compared to. */
export async function operationsOn(store: {
  readonly url: string;
  readonly token: string;
}): Promise<readonly [Operation, ...Operation[]]> {
  const { redis, locks, dedup, failures } = makeTools(store);
  const { limit, checkRateLimit } = createLimits(policy, gateOptions(store).options);
  const limitStore = new UpstashLimits(createRedis({ ...store, deadlineMs: 10_000 }));
  const throughTheClass = createLimits(policy, { ...gateOptions(store).options, limitStore });

  const held = await locks.acquireLock("held", 3600);
  let seen = 0;

  return [
    { what: "PING, to compare", run: async () => sure((await redis.ping()) === "PONG") },
    {
      what: "a limit check, another client each",
      seedMs: 10,
      async run(n) {
        const { reason } = await limit("sync", { user: `user-${n}` });
        sure(reason === "within-limit");
      },
    },
    {
      what: "the same, through @upstash/ratelimit",
      seedMs: 10,
      async run(n) {
        const { reason } = await throughTheClass.limit("sync", { user: `user-${n}` });
        sure(reason === "within-limit");
      },
    },
    {
      what: "a limit check, one client",
      seedMs: 10,
      // One that fails open says that nothing was taken.
      async run() {
        const { success, remaining } = await checkRateLimit("one", ENOUGH, 60_000);
        sure(success && remaining < ENOUGH);
      },
    },
    {
      what: "a dedup check, half of them duplicates",
      seedMs: 5,
      async run() {
        seen += 1;
        await dedup.shouldTrackEvent(`event-${Math.ceil(seen / 2)}`, 300);
        sure(failures.length === 0);
      },
    },
    {
      what: "a lock taken and given back (two calls)",
      seedMs: 15,
      async run(n) {
        const token = await locks.acquireLock(`lock-${n}`, 30);
        sure(token !== null && (await locks.releaseLock(`lock-${n}`, token)));
      },
    },
    {
      what: "a lock that somebody holds, refused",
      async run() {
        const token = await locks.acquireLock("held", 30);
        sure(held !== null && token === null && failures.length === 0);
      },
    },
  ];
}

/** A limit that no run reaches. */
const ENOUGH = 1_000_000_000;

import type { Ratelimit as RealRatelimit } from "@upstash/ratelimit";
import type { Redis as RealRedis, Requester } from "@upstash/redis";

/** The calls of every `Ratelimit` and of every `Redis`, in order. */
export const upstashCalls = { ratelimit: [] as string[], redis: [] as string[] };

/** The class of @upstash/ratelimit that also records its calls, for `vi.mock`. */
export function countedRatelimit(Ratelimit: typeof RealRatelimit): typeof RealRatelimit {
  return class extends Ratelimit {
    constructor(...args: ConstructorParameters<typeof RealRatelimit>) {
      super(...args);
      const { limit, getRemaining } = this;
      this.limit = (...given) => {
        upstashCalls.ratelimit.push("limit");
        return limit(...given);
      };
      this.getRemaining = (...given) => {
        upstashCalls.ratelimit.push("getRemaining");
        return getRemaining(...given);
      };
    }
  };
}

/** The client of @upstash/redis that also records its scripts, for `vi.mock`. */
export function countedRedis(Redis: typeof RealRedis): new (requester: Requester) => RealRedis {
  return class extends Redis {
    constructor(requester: Requester) {
      super(requester);
      const { evalsha } = this;
      this.evalsha = (...given) => {
        upstashCalls.redis.push("evalsha");
        return evalsha(...given);
      };
    }
  };
}

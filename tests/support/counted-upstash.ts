import type { Ratelimit as RealRatelimit } from "@upstash/ratelimit";
import type { Redis as RealRedis, Requester } from "@upstash/redis";

/** The calls of every `Ratelimit` and of every `Redis`, in their order. */
export const upstashCalls = { ratelimit: [] as string[], redis: [] as string[] };

/** The class of @upstash/ratelimit with its calls noted, for `vi.mock`: what it does is unchanged. */
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

/** The client of @upstash/redis with the scripts that it runs noted, for `vi.mock`. */
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

import { environment } from "#config/env";
import policy from "#config/rate-limits";
import { gateOptions } from "#app/_domain/options";
import { createLimits } from "#lib/limits";
import { createRedis, type Redis } from "#lib/redis/client";
import { type Keys, keyNames } from "#lib/redis/keys";

/** What handlers keep things in: the client and the names of its keys. */
export interface Store {
  readonly redis: Redis;
  readonly keys: Keys;
}

function makeStore(): Store {
  const env = environment();
  return { redis: createRedis(env.store), keys: keyNames(env.namespace) };
}

function makeLimits() {
  return createLimits(policy, gateOptions());
}

// Made when first asked for: a build loads every handler, and has no store.
let madeStore: Store | undefined;
let madeLimits: ReturnType<typeof makeLimits> | undefined;

/** The store of this process. */
export function store(): Store {
  madeStore ??= makeStore();
  return madeStore;
}

/** The policy's limits, to be called from handlers and Server Actions. @public */
export function limits(): ReturnType<typeof makeLimits> {
  madeLimits ??= makeLimits();
  return madeLimits;
}

import { createDedup, type Dedup } from "headgate/dedup";
import { createIdempotent } from "headgate/idempotency";
import { createLocks, type Locks } from "headgate/locks";
import { type Keys, type Redis, redisOf } from "headgate/redis";
import { createVault, type KeyedHash, type Vault } from "headgate/secrets";
import { gate } from "#app/_domain/gate";

/** What handlers work with: the store, the names of its keys, and Headgate's tools on both. */
export interface Tools {
  readonly redis: Redis;
  readonly keys: Keys;
  /** Stands for the client or the thing that a key is of. */
  readonly keyedHash: KeyedHash;
  /** Encrypts values that a reader of the store must not see. */
  readonly vault: Vault;
  readonly locks: Locks;
  readonly dedup: Dedup;
}

/** @upstash/redis's client on the connection of the gate. */
const redis = redisOf(gate);

/** The tools of this process; locks and dedup run their scripts by that client too. */
export const tools: Tools = {
  redis,
  keys: gate.keys,
  keyedHash: gate.keyedHash,
  vault: createVault(gate.secret),
  locks: createLocks({ ...gate, redis }),
  dedup: createDedup({ ...gate, redis }),
};

/** Makes a route handler answer a request that is sent again as it answered the first. */
export const idempotent = createIdempotent(gate);

/** The policy's limits, to be called from handlers and Server Actions. @public */
export const { limits } = gate;

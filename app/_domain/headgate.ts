import { createDedup, type Dedup } from "headgate/dedup";
import { createIdempotent } from "headgate/idempotency";
import { createLocks, type Locks } from "headgate/locks";
import { type Keys, type Redis, redisOf } from "headgate/redis";
import { createVault, type KeyedHash, type Vault } from "headgate/secrets";
import { gate } from "#app/_domain/gate";

/** The tools that handlers use: the store, the names of its keys, and Headgate's tools on both. */
export interface Tools {
  readonly redis: Redis;
  readonly keys: Keys;
  /** Makes the keyed hash that stands for a client or a thing in a key. */
  readonly keyedHash: KeyedHash;
  /** Encrypts values that a reader of the store must not see. */
  readonly vault: Vault;
  readonly locks: Locks;
  readonly dedup: Dedup;
}

/** The client of @upstash/redis on the gate's connection. */
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

/** Wraps a route handler so that a repeated request gets the response of the first. */
export const idempotent = createIdempotent(gate);

/** The policy's limits, for calls from handlers and Server Actions. @public */
export const { limits } = gate;

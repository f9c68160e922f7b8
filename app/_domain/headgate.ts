import { environment } from "#config/app-env";
import policy from "#config/rate-limits";
import { gateOptions } from "#app/_domain/options";
import { reportFailure } from "#app/_domain/failures";
import { commandStore } from "#app/_domain/store/commands";
import { scriptStore } from "#app/_domain/store/scripts";
import { createLimits } from "headgate";
import { createDedup, type Dedup } from "headgate/dedup";
import { createLocks, type Locks } from "headgate/locks";
import { keyNames, type Keys, type Redis } from "headgate/redis";
import { createPseudonym, createVault, type Pseudonym, type Vault } from "headgate/secrets";

/** What handlers work with: the store, the names of its keys, and Headgate's tools on both. */
export interface Tools {
  readonly redis: Redis;
  readonly keys: Keys;
  /** Stands for whoever or whatever a key is of. */
  readonly pseudonym: Pseudonym;
  /** Keeps from whoever reads the store what is nobody's to read. */
  readonly vault: Vault;
  readonly locks: Locks;
  readonly dedup: Dedup;
}

function makeTools(): Tools {
  const env = environment();
  const parts = {
    redis: commandStore(),
    keys: keyNames(env.namespace),
    pseudonym: createPseudonym(env.secret),
    vault: createVault(env.secret),
    onFailure: reportFailure,
  };
  // Locks and dedup send scripts alone, whose answers need no reading as JSON.
  const onScripts = { ...parts, redis: scriptStore() };
  return { ...parts, locks: createLocks(onScripts), dedup: createDedup(onScripts) };
}

function makeLimits() {
  return createLimits(policy, gateOptions());
}

// Made when first asked for: a build loads every handler, and has no store.
let madeTools: Tools | undefined;
let madeLimits: ReturnType<typeof makeLimits> | undefined;

/** The tools of this process. */
export function tools(): Tools {
  madeTools ??= makeTools();
  return madeTools;
}

/** The policy's limits, to be called from handlers and Server Actions. @public */
export function limits(): ReturnType<typeof makeLimits> {
  madeLimits ??= makeLimits();
  return madeLimits;
}

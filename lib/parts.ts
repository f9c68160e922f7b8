import type { HeadgateOptions } from "./options.ts";
import type { Live } from "#lib/control/in-force";
import type { ClientLists } from "#lib/control/lists";
import { policyLists } from "#lib/control/policy-lists";
import { Identifier } from "#lib/identity/identifier";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { Limiter } from "#lib/limit/limiter";
import { RedisLimits } from "#lib/limit/stores/redis";
import { Observer } from "#lib/observe/observer";
import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import type { CompiledPolicy } from "#lib/policy/types";
import { type Keys, keyNames } from "#lib/redis/keys";

/** The longest that identities may take by default, in milliseconds: as long as a call of the store. */
const IDENTITY_DEADLINE_MS = 500;

/** The parts of a gate, made once for a policy. A request passes through them in this order. */
export interface Parts {
  readonly policy: CompiledPolicy;
  readonly identifier: Identifier;
  readonly keys: Keys;
  readonly limiter: Limiter;
  readonly observer: Observer;
  /** The clients that the policy allows or blocks; undefined when it names no client. */
  readonly lists: ClientLists | undefined;
  /** Applies what is set while the app runs; undefined when the gate has no `live`. */
  readonly live: Live | undefined;
}

/**
 * Makes the parts of a gate.
 *
 * @throws {PolicyError} with every problem of the policy
 * @throws {HeadgateError} REWRITES_INVALID
 */
export function partsOf(given: AnyPolicy, options: HeadgateOptions): Parts {
  const policy = compilePolicy(given, options);
  const keyedHash = options.keyedHash ?? createKeyedHash(options.secret);
  const store =
    options.limitStore ?? new RedisLimits(options.redis, { isCluster: options.cluster ?? false });
  return {
    policy,
    identifier: new Identifier({
      ...options,
      keyedHash,
      identities: { ...policy.identities, ...policy.conditions },
      deadlineMs: options.identityDeadlineMs ?? IDENTITY_DEADLINE_MS,
    }),
    keys: keyNames(options.namespace),
    limiter: new Limiter(store, options),
    observer: new Observer(options.onEvent),
    lists: policyLists(policy.listings, options.ipv6Prefix),
    live: options.live,
  };
}

import { markOf } from "#lib/control/keys";
import type { KeyedHash } from "#lib/core/client";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import type { AnyPolicy } from "#lib/policy/define";
import type { Gate } from "./gate-types.ts";

type Keyed = Pick<Gate<AnyPolicy>, "keyedHash" | "options">;

/** Returns the hashes that make client keys: by the secret, and by HEADGATE_SECRET_PREVIOUS when that is set. */
export function hashesOf({ keyedHash, options }: Keyed): readonly [KeyedHash, KeyedHash?] {
  const { previousSecret } = options;
  return previousSecret === undefined ? [keyedHash] : [keyedHash, createKeyedHash(previousSecret)];
}

/** Returns the marks by which entries name the gate's secrets. */
export function marksOf(gate: Keyed): ReadonlySet<string> {
  return new Set(hashesOf(gate).flatMap((hash) => (hash ? markOf(hash) : [])));
}

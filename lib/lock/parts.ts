import type { Vault } from "#lib/core/vault";
import type { Keys } from "#lib/redis/keys";
import type { ScriptStore } from "#lib/redis/script-store";

export interface LocksOptions {
  readonly redis: ScriptStore;
  readonly keys: Pick<Keys, "lock" | "flight" | "fenceOf">;
  /** Stands for a key in Redis, where no name of a person may be. */
  readonly pseudonym: (kind: string, value: string) => string;
  /** Encrypts what a `singleFlight` found for those who wait, since it may be anybody's. */
  readonly vault: Vault;
  /** Hears of a store that fails, where nobody is told by an error. */
  readonly onFailure: (what: string, error: unknown) => void;
}

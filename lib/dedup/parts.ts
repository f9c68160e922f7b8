import type { Vault } from "#lib/core/vault";
import type { Keys } from "#lib/redis/keys";
import type { ScriptStore } from "#lib/redis/script-store";

export interface DedupOptions {
  readonly redis: ScriptStore;
  readonly keys: Pick<Keys, "event">;
  /** Stands for a key in Redis, where no name of a person may be. */
  readonly pseudonym: (kind: string, ...parts: readonly string[]) => string;
  /** Encrypts the results that are kept, since they may be anybody's. */
  readonly vault: Vault;
  /** Hears of a store that fails, and of a result that could not be kept or read. */
  readonly onFailure: (what: string, error: unknown) => void;
}

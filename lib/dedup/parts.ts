import type { Keys } from "#lib/redis/keys";
import type { ScriptStore } from "#lib/redis/script-store";

export interface DedupOptions {
  readonly redis: ScriptStore;
  readonly keys: Pick<Keys, "event">;
  /** Stands for a key in Redis, where no name of a person may be. */
  readonly pseudonym: (kind: string, ...parts: readonly string[]) => string;
  /** Encrypts the results that are kept, since they may be anybody's. */
  readonly vault: ResultVault;
  /** Hears of a store that fails, and of a result that could not be kept or read. */
  readonly onFailure: (what: string, error: unknown) => void;
}

export interface ResultVault {
  /** Encrypts a text for the place that `name` says. */
  seal(text: string, name: string): Promise<string>;
  /** The text; undefined where it cannot be opened, as after a change of the secret. */
  open(sealed: string, name: string): Promise<string | undefined>;
}

import type { KeyedHash } from "#lib/core/client";
import type { Keys } from "#lib/redis/keys";

/** The keys of the control document. */
export interface ControlKeys {
  /** A hash: the entries by their ids, as the gate reads them. */
  readonly entries: string;
  /** A hash: the reason of each entry, who set it and when, by its id. */
  readonly notes: string;
  /** A text that changes with every change: the id of the change in the log. */
  readonly version: string;
  /** A stream: every change. */
  readonly log: string;
}

/** Returns the keys of the control document of a namespace. */
export function controlKeys(keys: Pick<Keys, "control">): ControlKeys {
  return {
    entries: keys.control("entries"),
    notes: keys.control("notes"),
    version: keys.control("version"),
    log: keys.control("log"),
  };
}

/**
 * Returns the mark of a secret. It identifies the secret that made a client key without revealing it. The
 * name "a secret" cannot be that of an identity, because it contains a space.
 */
export function markOf(keyedHash: KeyedHash): string {
  return keyedHash("a secret", "").slice(0, 8);
}

import type { ToolParts } from "#lib/core/tool-parts";
import type { Keys } from "#lib/redis/keys";
import type { ScriptStore } from "#lib/redis/script-store";

export interface LocksOptions extends ToolParts {
  /**
   * The store in which locks are kept.
   * @example
   * createLocks({ ...gate, redis: createScriptStore({ url, token }) });
   */
  readonly redis: ScriptStore;
  /**
   * The names of keys in the store.
   * @example
   * createLocks({ ...gate, keys: keyNames("shop") });
   */
  readonly keys: Pick<Keys, "lock" | "flight" | "fenceOf">;
}

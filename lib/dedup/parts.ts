import type { ToolParts } from "#lib/core/tool-parts";
import type { Keys } from "#lib/redis/keys";
import type { ScriptStore } from "#lib/redis/script-store";

export interface DedupOptions extends ToolParts {
  /**
   * The store in which claims are kept.
   * @example
   * createDedup({ ...gate, redis: createScriptStore({ url, token }) });
   */
  readonly redis: ScriptStore;
  /**
   * The names of keys in the store.
   * @example
   * createDedup({ ...gate, keys: keyNames("shop") });
   */
  readonly keys: Pick<Keys, "event">;
}

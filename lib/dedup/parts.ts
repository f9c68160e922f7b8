import type { ToolParts } from "#lib/core/tool-parts";
import type { Keys } from "#lib/redis/keys";
import type { ScriptStore } from "#lib/redis/script-store";

export interface DedupOptions extends ToolParts {
  readonly redis: ScriptStore;
  readonly keys: Pick<Keys, "event">;
}

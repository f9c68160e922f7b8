import { environment } from "#config/env";
import { reportBreaker } from "#app/_domain/failures";
import { createScriptStore, type ScriptStore } from "#lib/redis/script-store";

/** The store as the gate and its limits need it, at the edge too: it runs scripts. */
export function scriptStore(): ScriptStore {
  return createScriptStore({ ...environment().store, onBreakerChange: reportBreaker });
}

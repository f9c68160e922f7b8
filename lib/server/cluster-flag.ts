import { settingsError } from "#lib/core/settings";

/**
 * Returns true when HEADGATE_CLUSTER says that REDIS_URL names a Redis Cluster. An empty variable counts as unset.
 *
 * @throws {SettingsError} ENV_INVALID when the variable is neither 0 nor 1
 */
export function clusterFlag(value = ""): boolean {
  if (value === "1") return true;
  if (value === "0" || value === "") return false;
  throw settingsError({ HEADGATE_CLUSTER: "1, where REDIS_URL names a Redis Cluster, or 0" });
}

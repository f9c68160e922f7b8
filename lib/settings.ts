/**
 * Reads variables, for an app that has its own variables beside Headgate's. One error then names every
 * wrong variable.
 */
export { processVariables } from "./env.ts";
export { readPlain, readSecret } from "./gate-variables.ts";
export { isPublicVariable } from "./public-variables.ts";
export { unknownVariables } from "./unknown-variables.ts";
export { namespaceOf, SHARED_NAMESPACE } from "#lib/core/namespace";
export {
  settingsError,
  isPlain,
  isSecret,
  isToken,
  SettingsError,
  readAll,
  trimVariables,
  type Variables,
} from "#lib/core/settings";
export { readHttpAddress } from "#lib/core/store-address";
export { readVariables, type VariableTable } from "#lib/core/variable-table";

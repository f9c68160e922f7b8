import { trimVariables, type Variables } from "#lib/core/settings";
import { namedStore } from "#lib/server/named-store";
import type { StoreAddress } from "#lib/server/running-store";
import { madeSecret, runningApp } from "../running-app.ts";
import type { SecretSource } from "./explanation.ts";

/** The secret by which an explanation hashes clients. */
export interface ExplainedSecret {
  readonly source: SecretSource;
  /** The variables of a secret that the start of the running app made; empty for the other sources. */
  readonly variables: Variables;
  /** Why the app that runs in the folder has other keys; undefined when it has the same, or no app runs. */
  readonly warning: string | undefined;
}

/**
 * Chooses the secret as `headgate inspect` does: HEADGATE_SECRET, otherwise the one that the running app made at
 * its start, otherwise the one that is derived from the credentials of the store.
 *
 * @throws {SettingsError} ENV_INVALID for a store that cannot be used
 */
export function secretFor(
  root: string,
  mode: "development" | "production",
  variables: Variables,
): ExplainedSecret {
  const set = trimVariables(variables);
  const named = namedStore(set);
  const app = runningApp(root, named);
  const given = set["HEADGATE_SECRET"];
  const made = given === undefined && app?.secret !== undefined ? madeSecret(app) : undefined;
  const ofStore = named ? "store" : "none";
  return {
    source: given !== undefined ? "HEADGATE_SECRET" : made ? "running-app" : ofStore,
    variables: made ?? {},
    warning: app && warningOf(app, mode, given),
  };
}

function warningOf(
  app: StoreAddress,
  mode: "development" | "production",
  given: string | undefined,
): string | undefined {
  if (app.isSecretSet && given === undefined) {
    return "the app that runs here has other keys: set HEADGATE_SECRET as it has it";
  }
  if (app.mode !== undefined && app.mode !== mode) {
    const how = app.mode === "development" ? "with --dev" : "without --dev";
    return `the app that runs here has other keys, since it is in ${app.mode}: explain it ${how}`;
  }
  if (given === undefined || app.secret === undefined || app.secret === given) return undefined;
  return "the app that runs here has other keys, since it was started without HEADGATE_SECRET";
}

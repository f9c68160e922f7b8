import type { Variables } from "#lib/core/settings";
import type { NamedStore } from "#lib/server/named-store";
import { runningMode, runningStore, type StoreAddress } from "#lib/server/running-store";

/** Returns the app that runs in a folder with the named store, or with a store that it started. */
export function runningApp(root: string, named: NamedStore | undefined): StoreAddress | undefined {
  return runningMode(root, named) === undefined ? undefined : runningStore(root);
}

/** Returns the secret that the start of an app generated or derived, when the environment sets none. */
export function madeSecret({ secret, isSecretDerived }: StoreAddress): Variables {
  return {
    HEADGATE_SECRET: secret,
    HEADGATE_SECRET_DERIVED: isSecretDerived ? "1" : undefined,
  };
}

import { accounts } from "#app/_domain/auth/accounts";
import { gate } from "#app/_domain/gate";
import { type Environment, environment } from "#config/app-env";
import { printError, storeWarning } from "headgate";
import { SHARED_NAMESPACE, unknownVariables } from "headgate/settings";

/**
 * Ends the process with an error when its environment is not valid. When Next runs without our server,
 * it also warns of variables that no code reads, and of a store that fails; our server prints these
 * warnings itself.
 */
export function checkEnvironment(): void {
  try {
    const env = environment();
    accounts();
    // The middleware reaches its store by REST, so a store without a REST address is reported now too.
    gate.check();
    if (process.env["HEADGATE_SERVER"] === "1") return;
    for (const line of unknownVariables(process.env)) console.warn(`warning  ${line}`);
    if (env.isNamespaceShared && env.mode !== "off") console.warn(`warning  ${SHARED_NAMESPACE}`);
    // The start does not wait for the store, and a cold start of a platform does not call it.
    if (!isPlatform()) void warnOfStore(env);
  } catch (error) {
    printError(error);
    process.exit(1);
  }
}

async function warnOfStore({ store, mode }: Environment): Promise<void> {
  if (store.url === undefined || mode === "off") return;
  const name = `the store at ${new URL(store.url).host}`;
  const warning = await storeWarning({ redis: gate.redis, name, mode });
  if (warning) console.warn(`warning  ${warning}`);
}

function isPlatform(): boolean {
  const isWorker = globalThis.navigator?.userAgent === "Cloudflare-Workers";
  return isWorker || process.env["VERCEL"] === "1";
}

import { printError } from "#lib/core/print-error";
import { fromEnv } from "#lib/env";
import { trimVariables, type Variables } from "#lib/core/settings";
import { startAppServer } from "./app-server.ts";
import { wantsBatches } from "./batches.ts";
import { clientNaming } from "./client-address.ts";
import { stopSignal } from "./drain.ts";
import { loadEnvFiles, setForGood } from "./env-files.ts";
import { httpSettings } from "./http-settings.ts";
import { checkListening, listenAddress } from "./listening.ts";
import { packageName } from "./package-name.ts";
import {
  sayWhenUsable,
  type ServerSettings,
  startLines,
  startWarnings,
  storeWarningAtStart,
} from "./start-log.ts";
import { type ChosenStore, chooseStore } from "./store.ts";

/** An app to serve. An installed app, a source tree and a package differ in how its parts are made. */
export interface Served {
  /**
   * The folder with the build and the `.env` files.
   * @example
   * await serveProject({ root: process.cwd(), mode: "production" });
   */
  readonly root: string;
  /**
   * Whether the app is served as it was built, or compiled when it changes.
   * @example
   * await serveProject({ root, mode: "development" });
   */
  readonly mode: "development" | "production";
  /**
   * Makes the build when it is missing; resolves to a summary of the policy, for the log.
   * @example
   * await serveApp({ root, mode: "production", prepare: async () => "3 rules" });
   */
  prepare(): Promise<string>;
  /**
   * Chooses the store.
   * @default the store that the environment names, otherwise one that this process starts (`chooseStore`)
   * @example
   * const prepare = async () => "3 rules";
   * await serveApp({ root, mode: "production", prepare, store: (env) => chooseNamedStore(env, printLine) });
   */
  readonly store?: (env: Variables) => Promise<ChosenStore>;
  /**
   * Reads the environment when it is complete; throws when the app cannot run with it.
   * @default `fromEnv`
   * @example
   * defineServer({ settings: (env) => fromEnv(env, { redisVariable: "REDIS_URL" }) });
   */
  readonly settings?: (env: Variables) => ServerSettings;
  /**
   * Services that the app needs beside the store, in the order of their start.
   * @default no services
   * @example
   * const mail = { name: "mail", line: "a stand-in", variables: { MAIL_URL: "http://127.0.0.1:1080" } };
   * defineServer({ companions: [() => mail] });
   */
  readonly companions?: readonly ((env: Variables) => Promise<Companion> | Companion)[];
}

/** A service that the app needs beside the store. */
export interface Companion {
  /**
   * Its name in the log: one word of at most 8 letters.
   * @example
   * const mail = { name: "mail", line: "a stand-in on port 1080", variables: {} };
   * defineServer({ companions: [() => mail] });
   */
  readonly name: string;
  /**
   * Its line in the log, for the person who started the server.
   * @example
   * const mail = { name: "mail", line: "a stand-in on port 1080", variables: {} };
   * defineServer({ companions: [() => mail] });
   */
  readonly line: string;
  /**
   * The variables by which the app finds it.
   * @example
   * const mail = { name: "mail", line: "a stand-in", variables: { MAIL_URL: "http://127.0.0.1:1080" } };
   * defineServer({ companions: [() => mail] });
   */
  readonly variables: Readonly<Record<string, string>>;
  /**
   * Stops the service.
   * @default nothing is stopped
   * @example
   * const mail = { name: "mail", line: "a stand-in", variables: {}, stop: async () => server.close() };
   * defineServer({ companions: [() => mail] });
   */
  stop?(): Promise<void>;
}

/**
 * Serves an app until the process is told to stop. Then it drains the server and ends the process with 0. When
 * the app cannot be served, it prints the reason and ends the process with 1.
 *
 * @example
 * await serveApp({ root, mode: "production", prepare: async () => "not checked" });
 */
export async function serveApp(served: Served): Promise<never> {
  try {
    await serve(served);
  } catch (error) {
    printError(error);
    process.exit(1);
  }
  // Next keeps timers running after the server has stopped.
  process.exit(0);
}

async function serve(served: Served): Promise<void> {
  const { root, mode } = served;
  let serving = false;
  // Signals are handled from the beginning. A stop during the start is an exit, which ends the programs that
  // were started by then.
  const stop = stopSignal().then(() => serving || process.exit(1));
  loadEnvFiles(root, mode);
  const env = trimVariables(process.env);
  // Errors in the environment are thrown before a build is made or a store started.
  const at = listenAddress(env);
  const http = httpSettings(env, mode === "development");
  const isBatched = wantsBatches(env);
  await checkListening(at);
  const policy = await served.prepare();

  const store = await (served.store ?? ((from) => chooseStore(from, printLine)))(env);
  const beside: Companion[] = [];
  try {
    for (const start of served.companions ?? []) beside.push(await start(env));
    const clients = clientNaming(env["CLIENT_IP_FROM"], printLine);
    setForGood(root, appVariables(served, env, [store, ...beside, clients]));
    const settings = (served.settings ?? fromEnv)(process.env);
    if (settings.missing) throw settings.missing;
    // The store is checked before Next is loaded: loading blocks the event loop for longer than the deadline.
    const failure = await storeWarningAtStart(store, settings);

    const server = await startAppServer({
      root,
      dev: mode === "development",
      at,
      http,
      clients,
      isBatched,
      say: printLine,
    });
    const { url } = server;
    const warnings = [...startWarnings(env, store, settings), ...(failure ? [failure] : [])];
    const log = { warnings, store, clients, beside, policy, mode: settings.mode, url };
    for (const line of startLines(log)) printLine(line);
    const endChecks = failure && sayWhenUsable(store, settings, printLine);
    serving = true;
    await stop;
    if (endChecks) endChecks();
    await server.stop();
  } finally {
    for (const started of beside.toReversed()) await started.stop?.();
    await store.stop();
  }
}

/** Returns the variables that the server sets for the app. */
function appVariables(
  { root, mode }: Served,
  env: Variables,
  started: readonly Pick<Companion, "variables">[],
): Variables {
  const chosen: Variables[] = started.map(({ variables }) => variables);
  return Object.assign({}, ...chosen, {
    NODE_ENV: mode,
    // On this server a request may wait for another request's store call, which platforms forbid.
    HEADGATE_JOIN: env["HEADGATE_JOIN"] ?? "1",
    HEADGATE_APP: packageName(root),
    // This server prints the warnings of the start, so instrumentation.ts need not.
    HEADGATE_SERVER: "1",
  }) as Variables;
}

/**
 * Prints a line for the person who started the server.
 *
 * @example
 * printLine("building the app ...");
 */
export function printLine(line: string): void {
  console.log(line);
}

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
import { type ServerSettings, startLines, startWarnings } from "./start-log.ts";
import { type ChosenStore, chooseStore } from "./store.ts";

/** What is served. An app, a source tree and a package differ in who makes what it works with. */
export interface Served {
  /** The folder that holds the build, and the files of the environment. */
  readonly root: string;
  readonly mode: "development" | "production";
  /** Makes the build where there is none; resolves to what the policy holds, for the log. */
  prepare(): Promise<string>;
  /** Chooses the store; by default as the environment says, else one of our own. */
  readonly store?: (env: Variables) => Promise<ChosenStore>;
  /** Reads the environment once it is complete, by default as the gate does; throws when the app cannot run with it. */
  readonly settings?: (env: Variables) => ServerSettings;
  /** What the app needs beside the store, in the order in which it is started and told. */
  readonly companions?: readonly ((env: Variables) => Promise<Companion> | Companion)[];
}

/** Something that the app needs beside the store. */
export interface Companion {
  /** What it is called in the log: one word of at most 8 letters. */
  readonly name: string;
  /** What the person who started the server is told of it. */
  readonly line: string;
  /** Variables that the app finds it by. */
  readonly variables: Readonly<Record<string, string>>;
  /** Ends it, where it runs. */
  stop?(): Promise<void>;
}

/**
 * Serves an app until the process is told to stop, then drains it and ends the process with 0; with 1
 * and the reason where it cannot be served.
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
  // Next keeps timers running after everything of ours has ended.
  process.exit(0);
}

async function serve(served: Served): Promise<void> {
  const { root, mode } = served;
  let serving = false;
  // Signals are listened to from the first moment. A stop during the start is an exit, which ends what
  // was started by then.
  const stop = stopSignal().then(() => serving || process.exit(1));
  loadEnvFiles(root, mode);
  const env = trimVariables(process.env);
  // What is wrong with the environment is said before a build is made, or a store started.
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
    // Before Next is loaded, which would keep the store's answer waiting beyond the deadline.
    const warnings = await startWarnings(env, store, settings);

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
    const log = { warnings, store, clients, beside, policy, mode: settings.mode, url };
    for (const line of startLines(log)) printLine(line);
    serving = true;
    await stop;
    await server.stop();
  } finally {
    for (const started of beside.toReversed()) await started.stop?.();
    await store.stop();
  }
}

/** What the app finds in its environment beside what a person set. */
function appVariables(
  { root, mode }: Served,
  env: Variables,
  started: readonly Pick<Companion, "variables">[],
): Variables {
  const chosen: Variables[] = started.map(({ variables }) => variables);
  return Object.assign({}, ...chosen, {
    NODE_ENV: mode,
    // Here a request may wait for another's call of the store, which platforms forbid.
    HEADGATE_JOIN: env["HEADGATE_JOIN"] ?? "1",
    HEADGATE_APP: packageName(root),
    // What is said at the start is said here, and not by instrumentation.ts again.
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

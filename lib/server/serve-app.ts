import { storeWarning } from "#lib/check-store";
import { HeadgateError } from "#lib/core/errors";
import { setVariables, type Variables } from "#lib/core/settings";
import { clientNaming } from "./client-address.ts";
import { drainable, toldToStop } from "./drain.ts";
import { loadEnvFiles } from "./env-files.ts";
import { packageName } from "./package-name.ts";
import type { GateMode } from "#lib/core/mode";
import { SHARED_NAMESPACE } from "#lib/core/namespace";
import { ExposingResponse } from "./exposing-response.ts";
import { letBodiesThrough } from "./next-body-size.ts";
import { httpSettings, SETTING_NAMES } from "./http-settings.ts";
import { cleanNextLog } from "./next-log.ts";
import { malformedHeader } from "./sound-headers.ts";
import { tellPrefetch } from "./prefetch-header.ts";
import { addressOf, type Bound, listen, listenAt } from "./listening.ts";
import type { ChosenStore } from "./store.ts";
import { createHttpServer } from "#lib/gateway/http-server";
import { answerWith } from "#lib/gateway/own-answer";
import { createScriptStore } from "#lib/redis/script-store";
import { unknownVariables } from "#lib/unknown-variables";

/** What is served, and who chooses what it works with: a source tree and a package differ in these. */
export interface Served {
  /** The folder that holds the build, and the files of the environment. */
  readonly root: string;
  readonly mode: "development" | "production";
  /** Makes the build where there is none; answers what the policy holds, for the log. */
  prepare(): Promise<string>;
  store(env: Variables): Promise<ChosenStore>;
  /** Reads the environment once it is complete; throws when the app cannot run with it. */
  settings(env: Variables): ServerSettings;
  /** What the app needs beside the store, in the order in which it is started and told. */
  readonly beside: readonly ((env: Variables) => Promise<Beside> | Beside)[];
}

/** What the server needs to know of the environment. */
export interface ServerSettings {
  readonly mode: GateMode;
  readonly isNamespaceShared: boolean;
  readonly store: {
    readonly url: string | undefined;
    readonly token: string;
    readonly deadlineMs: number;
  };
}

/** Something that the app needs beside the store. */
export interface Beside {
  /** What it is called in the log: one word of at most 8 letters. */
  readonly name: string;
  /** What the person who started the server is told of it. */
  readonly line: string;
  /** Variables that the app finds it by. */
  readonly variables: Readonly<Record<string, string>>;
  /** Ends it, where it runs. */
  stop?(): Promise<void>;
}

/** How long requests in flight may take once the server was told to stop, in milliseconds. */
export const DRAIN_MS = 10_000;

const LOOPBACK = /^(?:127\.|::1$)/;

/**
 * Serves the app until the process is told to stop, then drains it and ends the process with 0; with 1
 * and the reason where it cannot be served.
 */
export async function serveApp(served: Served): Promise<void> {
  try {
    await serve(served);
  } catch (error) {
    giveUp(error);
  }
}

async function serve(served: Served): Promise<void> {
  const { root, mode } = served;
  const dev = mode === "development";
  let serving = false;
  // Signals are listened to from the first moment. A stop during the start is an exit, which ends what
  // was started by then.
  const stop = toldToStop().then(() => serving || process.exit(1));
  loadEnvFiles(root, mode);
  const env = setVariables(process.env);
  const wanted = listenAt(env);
  const http = httpSettings(env, dev);
  const policy = await served.prepare();

  const store = await served.store(env);
  const beside: Beside[] = [];
  try {
    for (const start of served.beside) beside.push(await start(env));
    const clients = clientNaming(env["CLIENT_IP_FROM"], say);
    const chosen = [store, ...beside, clients].map(({ variables }) => variables);
    Object.assign(process.env, ...chosen, {
      NODE_ENV: mode,
      // Here a request may wait for another's call of the store, which platforms forbid.
      HEADGATE_JOIN: env["HEADGATE_JOIN"] ?? "1",
      HEADGATE_APP: packageName(root),
      // What is said at the start is said here, and not by instrumentation.ts again.
      HEADGATE_SERVER: "1",
    });
    const settings = served.settings(process.env);
    // Before Next is loaded, which would keep the answer waiting beyond the deadline.
    const warnings = [
      ...unknownVariables(env),
      settings.isNamespaceShared && settings.mode !== "off" ? SHARED_NAMESPACE : undefined,
      store.warning,
      await warningOf(store, settings),
    ].filter((warning) => warning !== undefined);

    const next: { app?: ReturnType<typeof startNext> } = {};
    const server = createHttpServer(
      async (request, response) => {
        clients.name(request);
        tellPrefetch(request);
        const malformed = malformedHeader(request.method, request.headers);
        if (malformed !== undefined) return answerWith(response, 400, malformed);
        try {
          await (await next.app)?.handle(request, response);
        } catch (error) {
          console.error(error);
          response.destroy();
        }
      },
      // In development Next listens for upgrades by itself, for hot reloading. Built, it would leave
      // such a socket open and unanswered: there an upgrade is a request like any other.
      {
        ...http,
        upgrades: dev,
        response: ExposingResponse,
        names: SETTING_NAMES,
        report: (line) => say(`warning  ${line}`),
      },
    );
    const drain = drainable(server);
    const at = await listen(server, wanted);
    // No request comes in between: one that comes next waits for Next.
    next.app = startNext(root, dev, at, http.bodyBytes);
    const { close } = await next.app;
    for (const warning of warnings) say(`warning  ${warning}`);
    say(`store    ${store.line}`);
    say(`clients  ${clients.line}`);
    for (const { name, line } of beside) say(`${name.padEnd(8)} ${line}`);
    say(`policy   ${policy}`);
    if (settings.mode !== "enforce") say(`mode     ${MODES[settings.mode]}`);
    say(`ready    ${addressOf(at)}`);

    serving = true;
    await stop;
    await drain(DRAIN_MS);
    await close();
  } finally {
    for (const started of beside.toReversed()) await started.stop?.();
    await store.stop();
  }
  // Next keeps timers of its own; everything of ours has ended.
  process.exit(0);
}

/** Asks the store, no longer than the deadline; HEADGATE_MODE=off asks none. */
async function warningOf(
  { name }: ChosenStore,
  { store, mode }: ServerSettings,
): Promise<string | undefined> {
  if (mode === "off" || name === undefined) return undefined;
  return storeWarning({ redis: createScriptStore(store), name, mode });
}

/** What a person should know who starts a server that does not do what it is there for. */
const MODES = {
  shadow: "HEADGATE_MODE=shadow: everything is counted, and nobody refused",
  off: "HEADGATE_MODE=off: nothing is asked or counted, and no limit denies",
} as const;

async function startNext(root: string, dev: boolean, { host, port }: Bound, bodyBytes: number) {
  // Next and React choose their build by NODE_ENV when they are loaded, so not before it is set.
  const { default: next } = await import("next");
  // By host and port Next finds itself: a Server Action sent to another page is handed on by a fetch.
  // Its URLs call every loopback address localhost; by another name it would take its own rewrites for
  // another site's, and fetch them.
  const hostname = LOOPBACK.test(host) ? "localhost" : host;
  // In development a person looks for what went wrong with a request of their own.
  if (!dev) cleanNextLog();
  const app = next({ dev, dir: root, hostname, port });
  await letBodiesThrough(root, dev, bodyBytes);
  await (dev ? app.prepare() : withoutChatter(() => app.prepare()));
  return { handle: app.getRequestHandler(), close: () => app.close() };
}

/** Next says which config file it ran, and has no setting for it. What it warns of is still heard. */
async function withoutChatter(work: () => Promise<void>): Promise<void> {
  const { log } = console;
  console.log = () => {};
  try {
    await work();
  } finally {
    console.log = log;
  }
}

/** A line for the person who started the server. */
export function say(line: string): void {
  console.log(line);
}

function giveUp(error: unknown): never {
  console.error(error instanceof HeadgateError ? `${error.code}: ${error.message}` : error);
  process.exit(1);
}

import { type Environment, readEnvironment } from "#config/env";
import { storeWarning } from "#lib/check-store";
import { HeadgateError } from "#lib/core/errors";
import { setVariables, type Variables } from "#lib/core/settings";
import { clientNaming } from "#lib/cli/client-address";
import { drainable, toldToStop } from "#lib/cli/drain";
import { loadEnvFiles } from "#lib/cli/env-files";
import type { ChosenInstagram } from "#lib/cli/instagram";
import { packageName } from "#lib/cli/package-name";
import { SHARED_NAMESPACE } from "#lib/core/namespace";
import { ExposingResponse } from "#lib/cli/exposing-response";
import { letBodiesThrough } from "#lib/cli/next-body-size";
import { httpSettings, SETTING_NAMES } from "#lib/cli/http-settings";
import { tellPrefetch } from "#lib/cli/prefetch-header";
import { addressOf, type Bound, listen, listenAt } from "#lib/cli/listening";
import type { ChosenStore } from "#lib/cli/store";
import { createHttpServer } from "#lib/gateway/http-server";
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
  posts(env: Variables): Promise<ChosenInstagram>;
  users(env: Variables): Users;
}

/** By what users are signed in, as variables for the app and a line for the person who started it. */
export interface Users {
  readonly line: string;
  readonly variables: Readonly<Record<string, string>>;
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
  const posts = await served.posts(env);
  try {
    const clients = clientNaming(env["CLIENT_IP_FROM"], say);
    const users = served.users(env);
    const chosen = [store, posts, clients, users].map(({ variables }) => variables);
    Object.assign(process.env, ...chosen, {
      NODE_ENV: mode,
      // Here a request may wait for another's call of the store, which platforms forbid.
      HEADGATE_JOIN: env["HEADGATE_JOIN"] ?? "1",
      HEADGATE_APP: packageName(root),
      // What is said at the start is said here, and not by instrumentation.ts again.
      HEADGATE_SERVER: "1",
    });
    const settings = readEnvironment(process.env);
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
    say(`users    ${users.line}`);
    say(`posts    ${posts.line}`);
    say(`policy   ${policy}`);
    if (settings.mode !== "enforce") say(`mode     ${MODES[settings.mode]}`);
    say(`ready    ${addressOf(at)}`);

    serving = true;
    await stop;
    await drain(DRAIN_MS);
    await close();
  } finally {
    await posts.stop();
    await store.stop();
  }
  // Next keeps timers of its own; everything of ours has ended.
  process.exit(0);
}

/** Asks the store, no longer than the deadline; HEADGATE_MODE=off asks none. */
async function warningOf(
  { name }: ChosenStore,
  { store, mode }: Environment,
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

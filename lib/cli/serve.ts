import { join } from "node:path";
import { parseArgs } from "node:util";
import { readEnvironment } from "#config/env";
import { HeadgateError } from "#lib/core/errors";
import { authSecret } from "#lib/cli/auth-secret";
import { buildOnce } from "#lib/cli/build";
import { checkPolicyFile, renderCheck } from "#lib/cli/check";
import { clientNaming } from "#lib/cli/client-address";
import { drainable, toldToStop } from "#lib/cli/drain";
import { loadEnvFiles } from "#lib/cli/env-files";
import { chooseInstagram } from "#lib/cli/instagram";
import { addressOf, bodySettings, type Bound, listen, listenAt } from "#lib/cli/listening";
import { chooseStore } from "#lib/cli/store";
import { createHttpServer } from "#lib/gateway/http-server";

const HELP = `Serves the app with its limits.

  npm start            builds when something changed, then serves
  npm run dev          serves with next dev, and rebuilds as you edit
  npm start -- --help  this text

Environment (README.md has every variable):
  PORT, HOST                  where to listen; 3000 on 127.0.0.1
  REDIS_URL                   the Redis that counts; without it one is started
  UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN
                              a REST store, in the place of both
  CLIENT_IP_FROM              behind a proxy: hops:1

  PORT=4000 npm start
  REDIS_URL=redis://127.0.0.1:6379 npm start
`;

/** How long requests in flight may take once the server was told to stop, in milliseconds. */
const DRAIN_MS = 10_000;

const LOOPBACK = /^(?:127\.|::1$)/;

const root = join(import.meta.dirname, "..", "..");

const { values: flags } = parseArgs({
  options: { dev: { type: "boolean" }, help: { type: "boolean" } },
});

if (flags.help) console.log(HELP);
else await serve(flags.dev === true).catch(giveUp);

async function serve(dev: boolean): Promise<void> {
  let serving = false;
  // Listened to from the first moment: what was started by then ends with this process.
  const stop = toldToStop().then(() => serving || process.exit(1));
  loadEnvFiles(root, dev ? "development" : "production");
  const policy = await checkPolicyFile(join(root, "config", "rate-limits.ts"));
  if (!policy.ok) throw new HeadgateError("POLICY_INVALID", renderCheck(policy));
  const wanted = listenAt(process.env);
  const body = bodySettings(process.env);
  if (!dev) await buildOnce(root, say);

  const store = await chooseStore(process.env, say);
  const posts = await chooseInstagram(process.env);
  try {
    const clients = clientNaming(process.env["CLIENT_IP_FROM"], say);
    const users = authSecret(root, process.env["AUTH_SECRET"]);
    Object.assign(process.env, store.variables, posts.variables, clients.variables, {
      AUTH_SECRET: users.secret,
      NODE_ENV: dev ? "development" : "production",
    });
    readEnvironment(process.env);

    const next: { app?: ReturnType<typeof startNext> } = {};
    const server = createHttpServer(
      async (request, response) => {
        clients.name(request);
        try {
          await (await next.app)?.handle(request, response);
        } catch (error) {
          console.error(error);
          response.destroy();
        }
      },
      // In development Next listens for upgrades by itself, for hot reloading. Built, it would leave
      // such a socket open and unanswered: there an upgrade is a request like any other.
      { ...body, ...(dev && { upgrades: true, stalledTimeoutMs: 0 }) },
    );
    const drain = drainable(server);
    const at = await listen(server, wanted);
    // No request comes in between: one that comes next waits for Next.
    next.app = startNext(dev, at);
    const { close } = await next.app;
    if (store.warning) say(`warning  ${store.warning}`);
    say(`store    ${store.line}`);
    say(`clients  ${clients.line}`);
    say(`users    ${users.line}`);
    say(`posts    ${posts.line}`);
    say(`policy   ${renderCheck(policy)}`);
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

async function startNext(dev: boolean, { host, port }: Bound) {
  // Next and React choose their build by NODE_ENV when they are loaded, so not before it is set.
  const { default: next } = await import("next");
  // By host and port Next finds itself: a Server Action sent to another page is handed on by a fetch.
  // Its URLs call every loopback address localhost; by another name it would take its own rewrites for
  // another site's, and fetch them.
  const hostname = LOOPBACK.test(host) ? "localhost" : host;
  const app = next({ dev, dir: root, hostname, port });
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

function say(line: string): void {
  console.log(line);
}

function giveUp(error: unknown): never {
  console.error(error instanceof HeadgateError ? `${error.code}: ${error.message}` : error);
  process.exit(1);
}

// `npm run preview:cloudflare`: the app as a Worker, in workerd, on this machine.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { defineProgram } from "headgate/cli";
import {
  chooseStore,
  exitOnStopSignal,
  listenAddress,
  printLine,
  stopSignal,
} from "headgate/server";
import { trimVariables } from "headgate/settings";
import { authSecret } from "./auth-secret.ts";
import { buildWorkerOnce } from "./build-worker.ts";
import { startWorker } from "./worker.ts";

const HELP = `Serves the app as a Cloudflare Worker, in Cloudflare's runtime, on this machine.

    npm run preview:cloudflare   builds when a file changed, then serves
    npm run build:cloudflare     builds only, for \`npx wrangler deploy\`

Environment, or the file .dev.vars:
  PORT, HOST                  where to listen; 8787 on 127.0.0.1
    REDIS_URL                   the Redis that counts; without it a Redis is started
  UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN
                              a REST store, in the place of both

docs/guides/deploy-cloudflare.md says how it is deployed.
`;

const OF_THE_APP =
  /^(?:HEADGATE|UPSTASH_REDIS_REST|KV_REST_API|CLIENT|CORS|AUTH|APP|INSTAGRAM|DEMO)_/;

const root = join(import.meta.dirname, "..", "..");

const previewIt = defineProgram({
  name: "npm run preview:cloudflare --",
  help: HELP,
  args: { build: { type: "boolean" } },
  run: ({ build: buildsAlone }) => (buildsAlone ? build() : preview()),
});

// This command exits the process, so that a failure also ends the child processes.
process.exit(await previewIt(process.argv.slice(2)));

async function build(): Promise<void> {
  exitOnStopSignal();
  const built = await buildWorkerOnce(root, printLine);
  printLine(built ? "built" : "nothing changed since the last build");
}

async function preview(): Promise<void> {
  let serving = false;
  const stop = stopSignal().then(() => serving || process.exit(1));
  const given = trimVariables({ ...process.env, ...workerVariables() });
  const at = listenAddress({ PORT: "8787", ...given });
  await buildWorkerOnce(root, printLine);
  const store = await chooseStore(given, printLine);
  const users = authSecret(root, given["AUTH_SECRET"]);
  try {
    const worker = await startWorker(root, {
      at,
      variables: { ...appVariables(given), ...store.variables, AUTH_SECRET: users.secret },
      onOutput: (text) => process.stderr.write(text),
    });
    printLine(`store    ${store.line}`);
    printLine("clients  counted by CF-Connecting-IP, which Cloudflare sets");
    printLine(`users    ${users.line}`);
    printLine(`ready    ${worker.url}`);
    serving = true;
    await stop;
    await worker.stop();
  } finally {
    await store.stop();
  }
}

/** Returns the variables that the app reads: a Worker sees no other variable of this machine. */
function appVariables(given: Readonly<Record<string, string>>): Record<string, string> {
  const ofApp = Object.entries(given).filter(([name]) => OF_THE_APP.test(name));
  return { ...workerVariables(), ...Object.fromEntries(ofApp) };
}

/** Returns the variables in `.dev.vars`, which wrangler reads too for a Worker on this machine. */
function workerVariables(): Record<string, string> {
  const file = join(root, ".dev.vars");
  return existsSync(file)
    ? ({ ...parseEnv(readFileSync(file, "utf8")) } as Record<string, string>)
    : {};
}

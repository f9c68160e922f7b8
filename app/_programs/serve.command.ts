import { join } from "node:path";
import { readEnvironment } from "#config/app-env";
import { defineProgram, serveProject } from "headgate/cli";
import {
  type Companion,
  chooseStore,
  namedRedis,
  recordRunningStore,
  redisEndpoint,
  printLine,
} from "headgate/server";
import type { Variables } from "headgate/settings";
import { authSecret } from "./auth-secret.ts";
import { buildOnce } from "./build.ts";
import { chooseInstagram } from "./instagram.ts";
import { sampleSignIn } from "./sample-sign-in.ts";

const HELP = `Serves the app with its limits.

  npm start            builds when something changed, then serves
  npm run dev          serves with next dev, and rebuilds as you edit
  npm start -- --help  this text

Environment (docs/reference/environment.md has every variable):
  PORT, HOST                  where to listen; 3000 on 127.0.0.1
  REDIS_URL                   the Redis that counts; without it one is started
  UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN
                              a REST store, in the place of both
  CLIENT_IP_FROM              behind a proxy: hops:1

  PORT=4000 npm start
  REDIS_URL=redis://127.0.0.1:6379 npm start
`;

const root = join(import.meta.dirname, "..", "..");

const serve = defineProgram({
  name: "npm start --",
  help: HELP,
  args: { dev: { type: "boolean" } },
  run: async ({ dev }) => {
    const mode = dev ? "development" : "production";
    return serveProject({
      root,
      mode,
      build: buildOnce,
      store: async (env) =>
        recordRunningStore(root, await chooseStore(env, printLine), {
          mode,
          redis: redisEndpoint(namedRedis(env)),
        }),
      settings: readEnvironment,
      companions: [usersOf, chooseInstagram],
    });
  },
});

process.exitCode = await serve(process.argv.slice(2));

function usersOf(env: Variables): Companion {
  const { line, secret } = authSecret(root, env["AUTH_SECRET"]);
  return { name: "users", line, variables: { AUTH_SECRET: secret, ...sampleSignIn(env) } };
}

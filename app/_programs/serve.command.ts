import { join } from "node:path";
import { parseArgs } from "node:util";
import { readEnvironment } from "#config/app-env";
import { HeadgateError } from "#lib/core/errors";
import { authSecret } from "./auth-secret.ts";
import { namedRedis } from "#lib/server/named-store";
import { buildOnce } from "#lib/server/build";
import { checkPolicyFile, renderCheck } from "#lib/cli/check";
import { chooseInstagram } from "./instagram.ts";
import { type Beside, say, serveApp } from "#lib/server/serve-app";
import { noteStore, placeOf } from "#lib/server/running-store";
import { chooseStore } from "#lib/server/store";

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

const { values: flags } = parseArgs({
  options: { dev: { type: "boolean" }, help: { type: "boolean" } },
});

if (flags.help) console.log(HELP);
else {
  const dev = flags.dev === true;
  const mode = dev ? "development" : "production";
  await serveApp({
    root,
    mode,
    prepare: () => prepare(dev),
    store: async (env) =>
      noteStore(root, await chooseStore(env, say), { mode, redis: placeOf(namedRedis(env)) }),
    settings: readEnvironment,
    beside: [(env) => usersOf(env["AUTH_SECRET"]), chooseInstagram],
  });
}

async function prepare(dev: boolean): Promise<string> {
  const policy = await checkPolicyFile(join(root, "config", "rate-limits.ts"));
  if (!policy.ok) throw new HeadgateError("POLICY_INVALID", renderCheck(policy));
  if (!dev) await buildOnce(root, say);
  return renderCheck(policy);
}

function usersOf(fromEnvironment: string | undefined): Beside {
  const { line, secret } = authSecret(root, fromEnvironment);
  return { name: "users", line, variables: { AUTH_SECRET: secret } };
}

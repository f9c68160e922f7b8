// `node server.mjs` in the folder that `npm run pack` made: serves the build, and builds nothing.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "#config/app-env";
import { defineProgram } from "headgate/cli";
import { type Companion, chooseNamedStore, printLine, serveApp } from "headgate/server";
import type { Variables } from "headgate/settings";
import { chooseInstagram } from "./instagram.ts";
import { BUILD_FOLDER, type Manifest } from "./packed.ts";

const HELP = `Serves the packed app with its limits.

  node server.mjs
    node server.mjs --help  prints this text

It takes the variables of docs/reference/environment.md. What npm start makes for a person at a machine is not made here:
  UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or REDIS_URL
                          the store that counts; HEADGATE_STORE=redis or embedded starts one that
                          forgets everything on exit
  AUTH_SECRET             without it no user can sign in
  INSTAGRAM_ACCESS_TOKEN  without it there are no posts
`;

const root = import.meta.dirname;

const serve = defineProgram({
  name: "node server.mjs",
  help: HELP,
  args: {},
  run: async () =>
    serveApp({
      root,
      mode: "production",
      prepare,
      store: (env) => chooseNamedStore(env, printLine),
      settings: readEnvironment,
      companions: [usersOf, postsOf],
    }),
});

process.exitCode = await serve(process.argv.slice(2));

async function prepare(): Promise<string> {
  const build = readJson(BUILD_FOLDER, "required-server-files.json") as { readonly config: object };
  // Next's server.js passes Next its configuration in this way, because the package does not contain
  // what next.config.mjs needs. It also changes to its folder.
  process.env["__NEXT_PRIVATE_STANDALONE_CONFIG"] = JSON.stringify(build.config);
  process.chdir(root);
  return (readJson("package.json") as Manifest).headgate.policy;
}

function readJson(...path: readonly string[]): unknown {
  return JSON.parse(readFileSync(join(root, ...path), "utf8"));
}

async function postsOf(env: Variables): Promise<Companion> {
  if (env["INSTAGRAM_ACCESS_TOKEN"] || env["INSTAGRAM_STAND_IN"]) return chooseInstagram(env);
  return { name: "posts", line: "none: INSTAGRAM_ACCESS_TOKEN is not set", variables: {} };
}

function usersOf({ AUTH_SECRET }: Variables): Companion {
  const line = AUTH_SECRET
    ? "signed in by AUTH_SECRET"
    : "no user can sign in: AUTH_SECRET is not set";
  return { name: "users", line, variables: {} };
}

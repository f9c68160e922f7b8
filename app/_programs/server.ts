// The programs that `npm start` and `npm run dev` start beside the app: package.json names this file by
// --with.
import { join } from "node:path";
import { readEnvironment } from "#config/app-env";
import { defineServer } from "headgate/cli";
import type { Companion } from "headgate/server";
import type { Variables } from "headgate/settings";
import { authSecret } from "./auth-secret.ts";
import { buildOnce } from "./build.ts";
import { chooseInstagram } from "./instagram.ts";
import { sampleSignIn } from "./sample-sign-in.ts";

const root = join(import.meta.dirname, "..", "..");

export default defineServer({
  build: buildOnce,
  settings: readEnvironment,
  companions: [usersOf, chooseInstagram],
});

function usersOf(env: Variables): Companion {
  const { line, secret } = authSecret(root, env["AUTH_SECRET"]);
  return { name: "users", line, variables: { AUTH_SECRET: secret, ...sampleSignIn(env) } };
}

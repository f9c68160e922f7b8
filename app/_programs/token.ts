import { join } from "node:path";
import { HeadgateError, parseDuration } from "headgate";
import { defineProgram, usageError } from "headgate/cli";
import { signJwt } from "headgate/identities/jwt";
import { loadEnvFiles } from "headgate/server";
import { settingsError, isPlain, isSecret, trimVariables } from "headgate/settings";
import { authSecret } from "./auth-secret.ts";

const HELP = `Prints a token that signs you in to the app as a user.

    npm run token -- --sub artist-1                     a user
    npm run token -- --sub artist-1 --role admin        an admin, who may run the pipeline
    npm run token -- --sub artist-1 --for "5 minutes"   valid for this long; 8 hours by default

  TOKEN=$(npm run --silent token -- --sub artist-1)
  curl -X POST -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/api/dashboard/sync/trigger

It is signed with AUTH_SECRET, or with the secret that npm start made for this machine, for
AUTH_AUDIENCE ("headgate" by default). Anyone who has the token is that user until it expires.
`;

const EIGHT_HOURS = 8 * 3600;
const MAX_SECONDS = 31 * 24 * 3600;

/** `npm run token`: prints a token that signs in as a user. */
export const token = defineProgram({
  name: "npm run token --",
  help: HELP,
  args: { sub: { type: "string" }, role: { type: "string" }, for: { type: "string" } },
  failed: 2,
  async run({ sub, role, for: duration }) {
    if (!sub) throw usageError("--sub must name the user of the token.", HELP);
    console.log(await tokenOf(sub, role, secondsOf(duration)));
  },
});

function tokenOf(subject: string, role: string | undefined, seconds: number): Promise<string> {
  const root = join(import.meta.dirname, "..", "..");
  loadEnvFiles(root, process.env["NODE_ENV"] === "development" ? "development" : "production");
  const { AUTH_SECRET, AUTH_AUDIENCE = "headgate" } = trimVariables(process.env);
  const { secret } = authSecret(root, AUTH_SECRET);
  if (!isSecret(secret)) {
    throw settingsError({
      AUTH_SECRET: "at least 32 characters without quotes around them",
    });
  }
  if (!isPlain(AUTH_AUDIENCE)) {
    throw settingsError({ AUTH_AUDIENCE: "an audience without quotes around it" });
  }
  return signJwt({ secret, audience: AUTH_AUDIENCE, subject, role, seconds });
}

function secondsOf(text: string | undefined): number {
  if (text === undefined) return EIGHT_HOURS;
  const seconds = Math.floor((parseDuration(text) ?? 0) / 1000);
  if (seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new HeadgateError(
    "CLI_USAGE",
    `--for must be a duration such as "5 minutes", from 1 second to 31 days; it is ${JSON.stringify(text)}.`,
  );
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Redis } from "ioredis";
import { ROOT } from "./app.ts";
import { MACHINE } from "./machine.ts";

const run = promisify(execFile);

/** Tracks an event with the sample app, whose middleware and handler both write keys. */
export async function trackOne(url: string): Promise<void> {
  const answer = await fetch(`${url}/api/analytics/track`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": "198.51.100.1" },
    body: JSON.stringify({ type: "click", artistId: "artist-1", sessionId: "s-1" }),
  });
  const { tracked } = (await answer.json()) as { readonly tracked?: boolean };
  if (tracked !== true) throw new Error("The event was not tracked.");
}

/** Returns the prefixes of the keys of the app's middleware and handlers, in a Redis that is emptied first. */
export async function namespacesOf(app: { readonly url: string }, redis: Redis): Promise<string[]> {
  await redis.flushall();
  await trackOne(app.url);
  const keys = await redis.keys("*");
  for (const part of [":rate_limit:", ":app:"]) {
    if (!keys.some((key) => key.includes(part))) throw new Error(`No key holds ${part}`);
  }
  return [...new Set(keys.map((key) => key.slice(0, key.indexOf(":"))))];
}

/** Returns the first line of the output of `npm run analytics`. */
export async function totalled(env: Readonly<Record<string, string>>): Promise<string> {
  const variables: Readonly<Record<string, string>> = {
    ...MACHINE,
    // The deadline is long, because no test depends on the speed of a loaded machine.
    HEADGATE_STORE_DEADLINE_MS: "10000",
    ...env,
  };
  const options = { cwd: ROOT, env: variables as NodeJS.ProcessEnv };
  const command = ["app/_domain/analytics/totals.command.ts"];
  return (await run(process.execPath, command, options)).stdout.split("\n")[0] ?? "";
}

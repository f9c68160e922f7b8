import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { HeadgateError } from "headgate";
import { runBuild } from "headgate/server";
import { buildOnce as buildOnceOf } from "./build-once.ts";
import { isPublicVariable } from "headgate/settings";
import { buildOnce, SOURCES } from "./build.ts";

/** The folder into which OpenNext writes the Worker. */
export const WORKER_FOLDER = ".open-next";

/** All files that the build of the Worker reads. */
export const WORKER_SOURCES: readonly string[] = [
  ...SOURCES,
  "open-next.config.ts",
  "wrangler.jsonc",
];

/**
 * Builds the app, and makes a Cloudflare Worker of it by OpenNext, which wrangler can run or upload.
 *
 * @returns true when it built anything
 * @throws {HeadgateError} BUILD_FAILED, with what the build printed, or with the names of the variables
 *   that may be secret and would be uploaded
 */
export async function buildWorkerOnce(root: string, say: (line: string) => void): Promise<boolean> {
  rejectSecrets(secretsInFiles(root));
  const hasBuiltApp = await buildOnce(root, say);
  const openNext = join(
    root,
    "node_modules",
    "@opennextjs",
    "cloudflare",
    "dist",
    "cli",
    "index.js",
  );
  const hasBuiltWorker = await buildOnceOf(root, say, {
    sources: WORKER_SOURCES,
    stamp: join(WORKER_FOLDER, "headgate-build"),
    saying: "building the Worker (a quarter of a minute, when something changed) ...",
    work: async () => {
      await runBuild(root, [openNext, "build", "--skipNextBuild"]);
      rejectSecretsIn(root);
    },
  });
  return hasBuiltApp || hasBuiltWorker;
}

/** The files whose variables OpenNext copies into the Worker's code. */
const ENV_FILES: readonly string[] = ["", ".production", ".development", ".test"].flatMap(
  (mode) => [`.env${mode}`, `.env${mode}.local`],
);

/** Returns the variables of the app's `.env` files that may be secret, so that no build is wasted. */
function secretsInFiles(root: string): string[] {
  // A folder may have such a name too.
  const files = ENV_FILES.map((name) => join(root, name)).filter((file) =>
    statSync(file, { throwIfNoEntry: false })?.isFile(),
  );
  const names = files.flatMap((file) => Object.keys(parseEnv(readFileSync(file, "utf8"))));
  return secretsAmong(names);
}

/** The form in which OpenNext writes the variables of each mode: `export const production = {…};`. */
const COPIED = /^export const \w+ = (\{.*\});?$/gm;

/**
 * Returns the variables that OpenNext copied from `.env` files into the Worker's code and that may be
 * secret.
 */
export function secretsIn(root: string): string[] {
  const file = join(root, WORKER_FOLDER, "cloudflare", "next-env.mjs");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const modes = [...text.matchAll(COPIED)];
  if (text !== "" && modes.length === 0) {
    throw new HeadgateError("BUILD_FAILED", `${file} does not have the form that OpenNext writes.`);
  }
  const copied = modes.flatMap(([, variables = "{}"]) =>
    Object.keys(JSON.parse(variables) as object),
  );
  return secretsAmong(copied);
}

/** The sample's variables that hold no secret. */
const OURS: ReadonlySet<string> = new Set(["APP_ORIGIN", "AUTH_AUDIENCE"]);

function isPublic(name: string): boolean {
  return OURS.has(name) || isPublicVariable(name);
}

function secretsAmong(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => !isPublic(name)).toSorted();
}

/** Removes the built Worker when its code holds a secret, so that wrangler cannot run or upload it. */
export function rejectSecretsIn(root: string): void {
  const found = secretsIn(root);
  if (found.length > 0) rmSync(join(root, WORKER_FOLDER), { recursive: true });
  rejectSecrets(found);
}

function rejectSecrets(found: readonly string[]): void {
  if (found.length === 0) return;
  throw new HeadgateError(
    "BUILD_FAILED",
    `A Worker's code would hold ${found.join(", ")}, from a .env file: OpenNext copies them into it, and they may be secret. Keep secrets in .dev.vars for a preview, and give them to the Worker by \`wrangler secret put\`. What is public belongs in wrangler.jsonc, under vars, or has a name that begins with NEXT_PUBLIC_.`,
  );
}

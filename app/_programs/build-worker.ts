import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { isPublicVariable } from "#lib/public-variables";
import { buildOnce, once, runBuild, SOURCES } from "#lib/server/build";

/** Where the Worker is, as Cloudflare's own tool would upload it. */
export const WORKER_FOLDER = join(".open-next", "dist");
export const ASSETS_FOLDER = join(".open-next", "assets");

/**
 * Builds the app, and a Cloudflare Worker of it: by OpenNext, then bundled by wrangler, which asks
 * nothing of the network for that. Answers whether anything was built.
 *
 * @throws {HeadgateError} BUILD_FAILED, with what the build printed
 */
export async function buildWorkerOnce(root: string, say: (line: string) => void): Promise<boolean> {
  const hasBuiltApp = await buildOnce(root, say);
  const modules = join(root, "node_modules");
  const openNext = join(modules, "@opennextjs", "cloudflare", "dist", "cli", "index.js");
  const wrangler = join(modules, "wrangler", "bin", "wrangler.js");
  const hasBuiltWorker = await once(root, say, {
    sources: [...SOURCES, "open-next.config.ts", "wrangler.jsonc"],
    stamp: ".open-next/headgate-build",
    saying: "building the Worker (a quarter of a minute, when something changed) ...",
    work: async () => {
      await runBuild(root, [openNext, "build", "--skipNextBuild"]);
      refuseSecrets(root);
      await runBuild(root, [wrangler, "deploy", "--dry-run", "--outdir", WORKER_FOLDER]);
    },
  });
  return hasBuiltApp || hasBuiltWorker;
}

/** What OpenNext writes for each mode: `export const production = {…};`. */
const COPIED = /^export const \w+ = (\{.*\});?$/gm;

/** The variables that OpenNext has copied from `.env` files into the Worker's code and that may be secret. */
export function secretsIn(root: string): string[] {
  const file = join(root, ".open-next", "cloudflare", "next-env.mjs");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const modes = [...text.matchAll(COPIED)];
  if (text !== "" && modes.length === 0) {
    throw new HeadgateError("BUILD_FAILED", `${file} is not what OpenNext writes.`);
  }
  const copied = modes.flatMap(([, variables = "{}"]) =>
    Object.keys(JSON.parse(variables) as object),
  );
  return [...new Set(copied)].filter((name) => !isPublic(name)).toSorted();
}

/** Variables of the sample's that hold no secret. */
const OURS: ReadonlySet<string> = new Set(["APP_ORIGIN", "AUTH_AUDIENCE"]);

function isPublic(name: string): boolean {
  return OURS.has(name) || isPublicVariable(name);
}

function refuseSecrets(root: string): void {
  const found = secretsIn(root);
  if (found.length === 0) return;
  throw new HeadgateError(
    "BUILD_FAILED",
    `A Worker's code would hold ${found.join(", ")}, from a .env file: OpenNext copies them into it, and they may be secret. Keep secrets in .dev.vars for a preview, and give them to the Worker by \`wrangler secret put\`. What is public belongs in wrangler.jsonc, under vars, or has a name that begins with NEXT_PUBLIC_.`,
  );
}

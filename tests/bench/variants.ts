import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, type RunningApp, startProgram } from "../support/app.ts";

/** What is compared: the same app, with another middleware each. */
export const VARIANTS = ["none", "nothing", "headgate", "joined", "upstash"] as const;
export type Variant = (typeof VARIANTS)[number];

const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

function folderOf(variant: Variant): string {
  return join(ROOT, ".headgate", "bench", variant);
}

/** Builds the app with one variant's middleware, inside the tree so that #lib is found. */
export async function buildVariant(variant: Variant): Promise<void> {
  const folder = folderOf(variant);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, "tests", "bench", "app"), folder, { recursive: true });
  if (variant !== "none") {
    cpSync(
      join(ROOT, "tests", "bench", "middlewares", `${variant}.ts`),
      join(folder, "middleware.bench.ts"),
    );
  }
  const config = {
    turbopack: { root: ROOT },
    outputFileTracingRoot: ROOT,
    typescript: { ignoreBuildErrors: true },
    // Without an ending of its own Next takes the middleware of the tree's root for one that has none.
    pageExtensions: ["bench.ts", "bench.tsx"],
  };
  writeFileSync(join(folder, "next.config.mjs"), `export default ${JSON.stringify(config)};\n`);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../../tsconfig.json", include: ["**/*.ts", "**/*.tsx"] }),
  );
  const build = spawn(process.execPath, [NEXT, "build"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  const [code] = await once(build, "exit");
  if (code !== 0) throw new Error(`next build of ${variant} failed with status ${code}`);
}

/** Serves a built variant with `next start` on a free port. */
export function startVariant(
  variant: Variant,
  store: { url: string; token: string },
): Promise<RunningApp> {
  return startProgram(
    [NEXT, "start", "-p", "0", "-H", "127.0.0.1"],
    {
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      UPSTASH_DISABLE_TELEMETRY: "1",
    },
    folderOf(variant),
  );
}

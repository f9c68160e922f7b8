import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, type RunningApp, startProgram } from "../support/app.ts";
import { say } from "./report/progress.ts";

/** What is compared: the same app, with another middleware each, of which ours has several policies. */
export const VARIANTS = {
  none: { app: "none", what: "no middleware" },
  nothing: { app: "nothing", what: "do-nothing middleware" },
  unmatched: { app: "headgate", what: "Headgate, no matching rule" },
  one: { app: "headgate", what: "Headgate, one rule" },
  observed: { app: "headgate", what: "Headgate, one rule, with the log and counters" },
  live: { app: "headgate", what: "Headgate, one rule, with 10,000 entries set while it runs" },
  three: { app: "headgate", what: "Headgate, three rules" },
  optimistic: { app: "headgate", what: "Headgate, one optimistic rule" },
  denied: { app: "headgate", what: "Headgate, refused" },
  alone: { app: "headgate", what: "Headgate, one rule, each call alone" },
  upstash: { app: "upstash", what: "@upstash/ratelimit example" },
} as const;
export type Variant = keyof typeof VARIANTS;
type App = (typeof VARIANTS)[Variant]["app"];

const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

function folderOf(app: App): string {
  return join(ROOT, ".headgate", "bench", app);
}

/** Builds every app that some variants need. */
export async function buildVariants(variants: readonly Variant[]): Promise<void> {
  for (const app of new Set(variants.map((variant) => VARIANTS[variant].app))) {
    say(`building: ${app} ...`);
    await build(app);
  }
}

/** Inside the tree, so that #lib is found. */
async function build(app: App): Promise<void> {
  const folder = folderOf(app);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, "tests", "bench", "app"), folder, { recursive: true });
  if (app !== "none") {
    cpSync(
      join(ROOT, "tests", "bench", "middlewares", `${app}.ts`),
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
  const built = spawn(process.execPath, [NEXT, "build"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  const [code] = await once(built, "exit");
  if (code !== 0) throw new Error(`next build of ${app} failed with status ${code}`);
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
      BENCH_VARIANT: variant,
    },
    folderOf(VARIANTS[variant].app),
  );
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, type RunningApp, startProgram } from "../support/app.ts";
import { say } from "./report/progress.ts";

const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

/** The servers of an app, each with its name and the program's arguments. */
export const SERVERS = {
  next: { what: "next start", args: [NEXT, "start", "-p", "0", "-H", "127.0.0.1"] },
  headgate: { what: "headgate start", args: [join(ROOT, "lib", "cli", "headgate.ts"), "start"] },
} as const;

/**
 * The compared variants: the same app with several middlewares, and ours with several policies. `next` is
 * plain `next start`. `headgate` is `headgate start`, which batches requests of any middleware.
 */
export const VARIANTS = {
  none: { app: "none", by: "next", what: "no middleware" },
  noneBatched: { app: "none", by: "headgate", what: "no middleware, batched" },
  nothing: { app: "nothing", by: "next", what: "do-nothing middleware" },
  batched: { app: "nothing", by: "headgate", what: "do-nothing middleware, batched" },
  unmatched: { app: "headgate", by: "headgate", what: "Headgate, no matching rule" },
  one: { app: "headgate", by: "headgate", what: "Headgate, one rule" },
  tcp: { app: "tcp", by: "headgate", what: "Headgate, one rule, proxy.ts by TCP" },
  observed: {
    app: "headgate",
    by: "headgate",
    what: "Headgate, one rule, with the log and counters",
  },
  live: {
    app: "headgate",
    by: "headgate",
    what: "Headgate, one rule, with 10,000 entries set while it runs",
  },
  three: { app: "headgate", by: "headgate", what: "Headgate, three rules" },
  optimistic: { app: "headgate", by: "headgate", what: "Headgate, one optimistic rule" },
  denied: { app: "headgate", by: "headgate", what: "Headgate, refused" },
  alone: { app: "headgate", by: "next", what: "Headgate, one rule, each call alone" },
  upstash: { app: "upstash", by: "next", what: "@upstash/ratelimit example" },
  upstashBatched: { app: "upstash", by: "headgate", what: "@upstash/ratelimit example, batched" },
} as const satisfies Readonly<
  Record<string, { readonly app: string; readonly by: keyof typeof SERVERS; readonly what: string }>
>;
export type Variant = keyof typeof VARIANTS;
type App = (typeof VARIANTS)[Variant]["app"];

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

/** Builds the app in a folder inside the tree, which makes #lib available. */
async function build(app: App): Promise<void> {
  const folder = folderOf(app);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, "tests", "bench", "app"), folder, { recursive: true });
  if (app !== "none") {
    // Next 16 runs middleware.ts at its edge, and proxy.ts in Node.
    const name = app === "tcp" ? "proxy" : "middleware";
    cpSync(
      join(ROOT, "tests", "bench", "middlewares", `${app}.ts`),
      join(folder, `${name}.bench.ts`),
    );
  }
  const config = {
    turbopack: { root: ROOT },
    outputFileTracingRoot: ROOT,
    typescript: { ignoreBuildErrors: true },
    // Without a separate extension Next would use the middleware of the tree's root for an app without one.
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

/** The store of the variants, by REST and by TCP. */
export interface VariantStore {
  readonly url: string;
  readonly token: string;
  readonly redis?: { readonly url: string };
}

/** Serves a built variant on a free port. */
export function startVariant(variant: Variant, store: VariantStore): Promise<RunningApp> {
  const { app, by } = VARIANTS[variant];
  return startProgram(
    SERVERS[by].args,
    {
      PORT: "0",
      CLIENT_IP_FROM: "hops:1",
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      ...(store.redis && { REDIS_URL: store.redis.url }),
      UPSTASH_DISABLE_TELEMETRY: "1",
      BENCH_VARIANT: variant,
    },
    folderOf(app),
  );
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { publishedManifest } from "../../config/package/manifest.ts";
import type { Case } from "./case.ts";
import { runCommand } from "./run-command.ts";
import { type World, write } from "./world.ts";

const COMPILERS = ["5.4", "5.9", "6", "7"];

const RESOLUTIONS = ["bundler", "node16", "node"];

/** Each compiler with all module resolutions, and an app with and without the optional packages. */
export const typeCases: readonly Case[] = COMPILERS.flatMap((compiler) =>
  [false, true].map((withPeers): Case => {
    const name = `types-${compiler}${withPeers ? "-peers" : ""}`;
    return {
      name,
      what: `TypeScript ${compiler}, ${resolutionsOf(compiler).join(", ")}, ${withPeers ? "with" : "without"} optional packages`,
      run: (world) => checkTypes(name, compiler, withPeers, world),
    };
  }),
);

/** Code of an app with the names of the package, which compiles only with the right types. */
const USES = `import {
  createHeadgate,
  defineIdentities,
  definePolicy,
  fromEnv,
  headgate,
  type HeadgateEvent,
} from "headgate";
import { createDashboard } from "headgate/dashboard";
import { createDedup } from "headgate/dedup";
import { startGateway } from "headgate/gateway";
import { createIdempotent } from "headgate/idempotency";
import { createLocks } from "headgate/locks";
import { redisOf } from "headgate/redis";
import { connectTcp } from "headgate/tcp";
import { upstashLimits } from "headgate/upstash";

// Types that are inferred can be written into declarations.
export const identities = defineIdentities({ account: "from-code" });
export const policy = definePolicy({
  rules: { api: { match: "/api/:path*", limits: { ip: "5 per minute" } } },
});
export const middleware: (request: Request, event: { waitUntil(work: Promise<unknown>): void }) => Promise<Response> =
  headgate(policy);
export default headgate(policy);
export const gate = createHeadgate(policy, () => ({
  ...fromEnv(),
  onEvent: (event: HeadgateEvent) => console.log(event.kind),
}));
export const { limits } = gate;
export const wrapped = gate.wrap((request: Request) => Response.redirect(request.url));
export const check = (request: Request) => limits.limit("api", {}, { request });
export const tools = { ...createDedup(gate), ...createLocks(gate) };
export const POST = createIdempotent(gate)(async () => new Response(), { caller: () => "ada" });
export const GET = createDashboard(gate, { authorize: () => true });
export const redis = redisOf(gate);
export const limitStore = upstashLimits;
export const gateway = () => startGateway({ token: "a-token-of-the-tests" });
export const token: Promise<string | null> = createLocks(gate).acquireLock("work", 10);
export const close: () => Promise<void> = connectTcp({ redisUrl: "redis://127.0.0.1" }).close;

// @ts-expect-error: a limit needs a duration
definePolicy({ rules: { api: { match: "/api/:path*", limits: { ip: 5 } } } });
`;

async function checkTypes(name: string, compiler: string, withPeers: boolean, world: World) {
  const folder = world.newFolder(name);
  const { exports, peerDependencies } = readManifest(world.built);
  write(folder, consumer(Object.entries(exports)));
  const peers = Object.keys(peerDependencies).map((peer) => `${peer}@latest`);
  const packages = ["@types/node@20", `typescript@${compiler}`, ...(withPeers ? peers : [])];
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", world.tarball];
  await runCommand(folder, "npm", [...args, ...packages]);
  for (const resolution of resolutionsOf(compiler)) {
    const tsc = join("node_modules", "typescript", "bin", "tsc");
    await runCommand(folder, "node", [tsc, "-p", `tsconfig.${resolution}.json`]);
  }
  return `${Object.keys(exports).length - 1} entries compile`;
}

/** TypeScript 6 deprecates "node", and TypeScript 7 removes it. */
function resolutionsOf(compiler: string): readonly string[] {
  return compiler.startsWith("5") ? RESOLUTIONS : RESOLUTIONS.filter((it) => it !== "node");
}

/** A project that imports every entry, and uses some names, without skipLibCheck. */
export function consumer(exports: readonly (readonly [string, unknown])[]) {
  const entries = exports.flatMap(([subpath, target]) =>
    typeof target === "string" ? [] : `headgate${subpath.slice(1)}`,
  );
  const imports = entries.map((entry, i) => `export * as entry${i} from "${entry}";\n`);
  return {
    "package.json": '{ "private": true, "type": "module" }\n',
    "entries.ts": imports.join(""),
    "uses.ts": USES,
    ...Object.fromEntries(RESOLUTIONS.map((it) => [`tsconfig.${it}.json`, config(it)])),
  };
}

function config(moduleResolution: string): string {
  const compilerOptions = {
    target: "ES2022",
    lib: ["ES2022", "DOM", "DOM.Iterable", "ESNext.Disposable"],
    module: moduleResolution === "node16" ? "node16" : "esnext",
    moduleResolution,
    types: ["node"],
    strict: true,
    declaration: true,
    noEmit: true,
    skipLibCheck: false,
  };
  return `${JSON.stringify({ compilerOptions, files: ["entries.ts", "uses.ts"] }, null, 2)}\n`;
}

export function readManifest(built: string): ReturnType<typeof publishedManifest> {
  const text = readFileSync(join(built, "package.json"), "utf8");
  return JSON.parse(text) as ReturnType<typeof publishedManifest>;
}

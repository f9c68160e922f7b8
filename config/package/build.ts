import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { build } from "tsdown";
import { copyDocs } from "./docs.ts";
import { BUNDLED, IN_PAGE, type LibManifest, nameOf, publishedManifest } from "./manifest.ts";
import { OPTIONAL, optionalPackages, withoutErrors, writeOptional } from "./optional.ts";

/**
 * The program that lib/server starts beside Next; it must lie in the folder of the chunk that starts
 * it.
 */
const GUARD = "guard.mjs";

/**
 * Builds lib into a folder that can be packed: ESM with types, a package.json, the README, the pages
 * for readers and licenses.
 *
 * @param to is emptied first
 */
export async function buildPackage(root: string, to: string): Promise<void> {
  const lib = join(root, "lib");
  const manifest = JSON.parse(readFileSync(join(lib, "package.json"), "utf8")) as LibManifest;
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  await bundle(root, to, manifest);
  writeOptional(to);
  cpSync(join(lib, "server", GUARD), join(to, "shared", GUARD));
  for (const file of globSync("**/*.d.mts", { cwd: to })) {
    writeFileSync(join(to, file), withoutErrors(readFileSync(join(to, file), "utf8")));
  }
  chmodSync(join(to, "bin.mjs"), 0o755);
  const published = publishedManifest(manifest);
  writeFileSync(join(to, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
  cpSync(join(root, "config", "package", "README.md"), join(to, "README.md"));
  cpSync(join(root, "LICENSE"), join(to, "LICENSE"));
  copyDocs(root, to);
  writeFileSync(join(to, "LICENSES-OF-BUNDLED.md"), licenses(root));
}

/** Builds all entries in one build, because two builds would each contain a HeadgateError class. */
async function bundle(root: string, to: string, { exports, dependencies = {} }: LibManifest) {
  const lib = join(root, "lib");
  const entries = Object.entries(exports).map(([subpath, file]) => [nameOf(subpath), file]);
  const external = Object.keys(dependencies).filter(
    (name) => !BUNDLED.includes(name) && !Object.hasOwn(OPTIONAL, name),
  );
  await build({
    config: false,
    cwd: lib,
    tsconfig: join(lib, "tsconfig.json"),
    entry: { ...Object.fromEntries(entries), bin: "./cli/headgate.ts" },
    outDir: to,
    clean: false,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    dts: { generator: "tsgo" },
    hash: true,
    fixedExtension: true,
    logLevel: "warn",
    // Such as an import that no package answers, which would be left for the app to find.
    failOnWarn: true,
    suppressWarnings: [/TypeScript 7\.0 does not yet/, /PLUGIN_TIMINGS/],
    // path-to-regexp declares its code only by these fields.
    inputOptions: { resolve: { mainFields: ["module", "main"] } },
    plugins: [optionalPackages(join(lib, "core"))],
    deps: {
      neverBundle: [/^node:/, ...["next", ...external].map(withSubpaths)],
      alwaysBundle: BUNDLED.map(withSubpaths),
      onlyBundle: [...BUNDLED],
      dts: { neverBundle: [...Object.keys(OPTIONAL), ...external].map(withSubpaths) },
    },
    outputOptions: { chunkFileNames: "shared/[name]-[hash].mjs" },
  });
}

function withSubpaths(name: string): RegExp {
  return new RegExp(`^${name}(?:/|$)`);
}

/** Returns the licenses of the bundled packages, which require it. */
function licenses(root: string): string {
  const texts = [...BUNDLED, ...IN_PAGE].map((name) => {
    const folder = join(root, "node_modules", name);
    const [file] = globSync("LICENSE*", { cwd: folder });
    if (file === undefined) throw new Error(`The package ${name} has no file LICENSE.`);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      readonly version: string;
    };
    return `## ${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  return `# Licenses of what is bundled\n\n${texts.join("\n")}`;
}

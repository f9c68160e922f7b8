import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import esbuild from "@size-limit/esbuild";
import file from "@size-limit/file";
import sizeLimit from "size-limit";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** What is bundled to be measured. */
export interface Bundle {
  /** The source of the entry: what an app would import, exported. */
  readonly source: string;
  /** Files, from the top of the tree, whose exports are replaced by names without code. */
  readonly without?: readonly string[];
}

/**
 * Returns the size of each bundle in bytes: minified by esbuild and compressed by brotli, as
 * `npm run check:size` measures.
 *
 * @throws Error where a source does not compile, or a file that is left out is not there
 */
export async function measure(bundles: readonly Bundle[]): Promise<readonly number[]> {
  const checks = bundles.map(({ source, without = [] }) => ({
    files: [source],
    modifyEsbuildConfig: (config: object) => ({
      ...config,
      absWorkingDir: ROOT,
      entryPoints: undefined,
      stdin: { contents: source, resolveDir: ROOT, loader: "ts" },
      plugins: [leaveOut(without)],
    }),
  }));
  const measured = (await sizeLimit([esbuild, file].flat(), { checks })) as {
    readonly size: number;
  }[];
  return measured.map(({ size }) => size);
}

/** As much of esbuild as a plugin needs here. */
interface Build {
  onLoad(
    options: { readonly filter: RegExp },
    load: (args: { readonly path: string }) => { contents: string; loader: "js" } | undefined,
  ): void;
}

function leaveOut(files: readonly string[]) {
  const paths = new Set(files.map((each) => join(ROOT, each)));
  const missing = [...paths].find((path) => !existsSync(path));
  if (missing !== undefined) throw new Error(`${missing} cannot be left out: it is not there.`);
  return {
    name: "leave-out",
    setup: (build: Build) =>
      build.onLoad({ filter: /\.ts$/ }, ({ path }) =>
        paths.has(path)
          ? { contents: emptied(readFileSync(path, "utf8")), loader: "js" }
          : undefined,
      ),
  };
}

/** The exports of a module as names of nothing: what calls them is still bundled. */
function emptied(source: string): string {
  const names = [...source.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)];
  return names.map(([, name]) => `export const ${name} = globalThis.${name};`).join("\n");
}

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import type { publishedManifest } from "./manifest.ts";

/** A package that was packed. */
export interface Packed {
  /** The path of its .tgz. */
  readonly file: string;
  /** The size of the .tgz in bytes. */
  readonly bytes: number;
  /** How many files it holds. */
  readonly files: number;
}

/** Packs a folder with `npm pack`, which reads its package.json like `npm publish`. */
export function packFolder(folder: string, to: string): Packed {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", to];
  const printed = execFileSync("npm", args, { cwd: folder, encoding: "utf8" });
  const [packed] = JSON.parse(printed) as readonly {
    readonly filename: string;
    readonly size: number;
    readonly files: readonly unknown[];
  }[];
  if (packed === undefined) throw new Error(`npm pack packed nothing: ${printed}`);
  return { file: join(to, packed.filename), bytes: packed.size, files: packed.files.length };
}

/** An entry of a built package. */
export interface BuiltEntry {
  /** What an app imports, such as "headgate/locks". */
  readonly name: string;
  /** Its file and all files of the package that it imports at once, from the package's folder. */
  readonly files: readonly string[];
  /** What these files import from outside the package. */
  readonly imports: readonly string[];
  /** The total size of these files in bytes: uncompressed, and compressed with brotli. */
  readonly bytes: number;
  readonly brotli: number;
}

/** Reads the entries of a built package, with all that each reaches by static imports. */
export function readBuilt(folder: string): readonly BuiltEntry[] {
  const { name, exports } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  ) as ReturnType<typeof publishedManifest>;
  return Object.entries(exports).flatMap(([subpath, target]) =>
    typeof target === "string" ? [] : entryOf(folder, name + subpath.slice(1), target.default),
  );
}

function entryOf(folder: string, name: string, file: string): BuiltEntry {
  const imports = new Set<string>();
  const texts = new Map<string, string>();
  const follow = (path: string) => {
    if (texts.has(path)) return;
    const text = readFileSync(join(folder, path), "utf8");
    texts.set(path, text);
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith(".")) follow(join(dirname(path), specifier));
      else imports.add(specifier);
    }
  };
  follow(join(file));
  const all = [...texts.values()].join("");
  return {
    name,
    files: [...texts.keys()],
    imports: [...imports].toSorted(),
    bytes: Buffer.byteLength(all),
    brotli: brotliCompressSync(all).length,
  };
}

/** Returns what a built file imports. The build writes each import on a separate line. */
function importsOf(text: string): readonly string[] {
  const found = text.matchAll(/^(?:import|export)\b(?:[^"'`]*? from )?\s*"([^"]+)";$/gm);
  return [...found].map(([, specifier = ""]) => specifier);
}

/** One line an entry: its size with all that it imports, and as a browser or an edge would load it. */
export function sizesOf(folder: string): string {
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
  return readBuilt(folder)
    .map((it) => `${it.name.padEnd(26)}${kilobytes(it.bytes)}${kilobytes(it.brotli)} brotli`)
    .join("\n");
}

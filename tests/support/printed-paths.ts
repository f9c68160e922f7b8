import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { ROOT } from "./app.ts";

/** A path of the docs that the code of lib prints. */
export interface PrintedPath {
  /** The file of lib. */
  readonly file: string;
  /** The path from the folder of docs. */
  readonly page: string;
  /** The anchor; undefined without one, and for one that the code computes. */
  readonly anchor: string | undefined;
  /** Whether the path begins with the name of the package. */
  readonly hasPackage: boolean;
}

const PATH = /(headgate\/)?docs\/([\w/-]+\.(?:md|yml|json|service|txt))(?:#([\w-]+))?/g;

/** Finds the paths of docs in the code of lib, but not those in its comments. */
export function printedPaths(): readonly PrintedPath[] {
  const files = globSync("lib/**/*.ts", {
    cwd: ROOT,
    exclude: ["lib/node_modules/**", "lib/dashboard/assets.ts"],
  });
  return files.flatMap((file) => {
    let code = readFileSync(join(ROOT, file), "utf8");
    if (!code.includes("docs/")) return [];
    for (const { start, end } of parseSync(file, code).comments.toReversed()) {
      code = code.slice(0, start) + code.slice(end);
    }
    return [...code.matchAll(PATH)].map(([, name, page = "", anchor]) => ({
      file,
      page,
      anchor,
      hasPackage: name !== undefined,
    }));
  });
}

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Returns the name in the package.json of a folder; undefined where it has none. */
export function packageName(root: string): string | undefined {
  const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly name?: string;
  };
  return name;
}

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Returns the name in the package.json of a folder; undefined when the file or the name is missing.
 *
 * @example
 * const app = packageName(process.cwd());
 */
export function packageName(root: string): string | undefined {
  const file = join(root, "package.json");
  if (!existsSync(file)) return undefined;
  const { name } = JSON.parse(readFileSync(file, "utf8")) as { readonly name?: string };
  return name;
}

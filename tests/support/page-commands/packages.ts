import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../app.ts";

type Versions = Readonly<Record<string, string>>;

function versionsIn(manifest: string): Versions {
  const text = readFileSync(join(ROOT, manifest), "utf8");
  const { dependencies, devDependencies } = JSON.parse(text) as Record<string, Versions>;
  return { ...devDependencies, ...dependencies };
}

const KNOWN: Versions = { ...versionsIn("lib/package.json"), ...versionsIn("package.json") };

/** Returns the packages of an `npm install` that this repository does not use, or in another version. */
export function foreignPackages(command: string): readonly string[] {
  if (!command.startsWith("npm install ")) return [];
  const words = command.split(/\s+/).slice(2);
  return words.filter((word) => {
    const [, name = "", version] = /^(@?[^@]+)(?:@(.+))?$/.exec(word) ?? [];
    if (word.startsWith("-")) return false;
    return !Object.hasOwn(KNOWN, name) || (version !== undefined && KNOWN[name] !== version);
  });
}

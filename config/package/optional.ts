import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The packages that an app installs only for some entries, with the exports that lib uses. */
export const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  "@upstash/ratelimit": ["Ratelimit"],
  "@upstash/redis": ["Redis"],
  ioredis: ["Cluster", "Command", "Redis", "ReplyError"],
  wasmoon: ["LUA_REGISTRYINDEX", "LuaReturn", "LuaType"],
};

const PREFIX = "\0optional:";

/**
 * Makes the plugin that loads optional packages when they are used. A static import of a package that is
 * not installed fails before any of our code runs, and neither `require` nor Jest can read an
 * `await import()` at the top of a module. A `require` inside `try` works in Node and in every bundler. Each
 * optional package therefore has a CommonJS file with only that, and a module that exports a stand-in for
 * each missing export.
 *
 * @param core the folder lib/core
 */
export function optionalPackages(core: string) {
  const standIns = JSON.stringify(join(core, "optional-package.ts"));
  return {
    name: "optional-packages",
    resolveId: {
      order: "pre" as const,
      handler(id: string, importer?: string) {
        if (id.startsWith("#optional/")) return { id, external: true };
        const isTypes = /\.d\.[cm]?ts(?:\?|$)/.test(importer ?? "");
        return Object.hasOwn(OPTIONAL, id) && !isTypes ? PREFIX + id : undefined;
      },
    },
    load(id: string) {
      if (!id.startsWith(PREFIX)) return undefined;
      const name = id.slice(PREFIX.length);
      const standIn = JSON.stringify(name);
      const exported = (OPTIONAL[name] ?? []).map(
        (it) => `export const ${it} = found.${it} ?? /* @__PURE__ */ standInFor(${standIn});`,
      );
      return [
        `import { standInFor } from ${standIns};`,
        `import * as found from "#optional/${fileOf(name)}";`,
        ...exported,
      ].join("\n");
    },
  };
}

/** Writes the CommonJS file of each optional package. */
export function writeOptional(to: string): void {
  mkdirSync(join(to, "optional"), { recursive: true });
  for (const [name, exported] of Object.entries(OPTIONAL)) {
    const taken = exported.map((it) => `  exports.${it} = found.${it};`);
    const text = [
      `// Loads the package ${name}, which an app installs only for the entries that need it.`,
      "try {",
      `  const found = require("${name}");`,
      ...taken,
      "} catch (error) {",
      // A package that exists and fails to load must throw its own error.
      '  const isAbsent = error.code === "MODULE_NOT_FOUND" || /Dynamic require of|Calling `require`/.test(error.message);',
      "  if (!isAbsent) throw error;",
      "}",
      "",
    ];
    writeFileSync(join(to, "optional", fileOf(name)), text.join("\n"));
  }
}

function fileOf(name: string): string {
  return `${name.replace(/^@/, "").replace("/", "-")}.cjs`;
}

/** An import of an optional package, or an export of its types, as tsdown writes it in one line. */
const TYPES = new RegExp(`^(?:im|ex)port .* from "(?:${Object.keys(OPTIONAL).join("|")})";$`, "gm");

/**
 * Lets declarations name the types of a package that an app may not have installed. These types are
 * then `any`, and the app compiles without `skipLibCheck` too.
 */
export function withoutErrors(declarations: string): string {
  return declarations.replace(TYPES, "// @ts-ignore: an optional package\n$&");
}

import { OPTIONAL } from "./optional.ts";

/** The part of lib/package.json from which its publication is made. */
export interface LibManifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: string;
  readonly repository?: unknown;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The files of an entry. */
interface Target {
  readonly types: string;
  readonly default: string;
}

/** Small packages whose code is bundled; only the chunk of `headgate audit` contains zod/mini. */
export const BUNDLED: readonly string[] = [
  "@babel/parser",
  "@jridgewell/sourcemap-codec",
  "citty",
  "diff",
  "eventsource-parser",
  "magic-string",
  "path-to-regexp",
  "structured-headers",
  "zod",
];

/** The packages in the script and style of the dashboard's page, which the package contains as text. */
export const IN_PAGE: readonly string[] = ["preact", "uplot"];

/**
 * The range of an optional peer. npm refuses to install a package beside another version of its
 * optional peer, also in an app that uses ioredis 5 only for its queues.
 */
const ANY_VERSION = "*";

/** The first Node that loads ESM by `require`, as Jest and tools in CommonJS do. */
const NODE = ">=20.19";

/** Returns the name of an entry's file without its ending: "./identities/jwt" is identities/jwt.mjs. */
export function nameOf(subpath: string): string {
  return subpath === "." ? "index" : subpath.slice(2);
}

/**
 * Makes the published package.json from the workspace's. It names built files instead of sources,
 * leaves out bundled packages, and lists packages that only some entries need as optional peers.
 */
export function publishedManifest(lib: LibManifest) {
  const { name, version, description, license, repository } = lib;
  const exports: Record<string, string | Target> = {};
  for (const subpath of Object.keys(lib.exports)) {
    const file = `./${nameOf(subpath)}`;
    exports[subpath] = { types: `${file}.d.mts`, default: `${file}.mjs` };
  }
  exports["./package.json"] = "./package.json";
  const needed = Object.entries(lib.dependencies ?? {}).filter(([it]) => !BUNDLED.includes(it));
  const optional = needed.filter(([it]) => isOptional(it));
  // next is not listed: each app has it, and lib/server finds it from the app's folder. As an optional
  // peer, it made npm look up all of Next's optional peers too, which took seconds.
  const peers = Object.fromEntries(optional.map(([it]) => [it, ANY_VERSION]));
  return {
    name,
    version,
    description,
    license,
    ...(repository !== undefined && { repository }),
    type: "module",
    sideEffects: false,
    bin: { headgate: "./bin.mjs" },
    exports,
    // For `moduleResolution: "node"`, which ignores exports and which Next 15 leaves in an app's
    // tsconfig.json.
    types: "./index.d.mts",
    typesVersions: { "*": { "*": ["./*.d.mts"] } },
    imports: { "#optional/*": "./optional/*" },
    files: ["**/*.mjs", "**/*.d.mts", "optional/*.cjs", "docs/**", "LICENSES-OF-BUNDLED.md"],
    dependencies: Object.fromEntries(needed.filter(([it]) => !isOptional(it)).map(ranged)),
    peerDependencies: peers,
    peerDependenciesMeta: Object.fromEntries(
      Object.keys(peers).map((it) => [it, { optional: true }]),
    ),
    engines: { node: NODE },
  };
}

function isOptional(name: string): boolean {
  return Object.hasOwn(OPTIONAL, name);
}

/** The workspace pins the tested version; an app may have a later version that is compatible. */
function ranged([name, version]: readonly [string, string]): readonly [string, string] {
  return [name, `^${version}`];
}

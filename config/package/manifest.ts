import { OPTIONAL } from "./optional.ts";

/** As much of lib/package.json as its publication is made from. */
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

/** Small packages whose code is put into ours; zod/mini is in what `headgate audit` loads alone. */
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

/** What the script and style of the dashboard's page are made of, which is in the package as text. */
export const IN_PAGE: readonly string[] = ["preact", "uplot"];

/**
 * Of an optional package. npm refuses to install a package beside another version of its optional peer, also
 * in an app that has ioredis 5 for its queues and uses nothing of ours that needs it.
 */
const ANY_VERSION = "*";

/** The first Node that reads ESM by `require`, as Jest and tools in CommonJS do. */
const NODE = ">=20.19";

/** An entry's file without its ending: "./identities/jwt" is identities/jwt.mjs. */
export function nameOf(subpath: string): string {
  return subpath === "." ? "index" : subpath.slice(2);
}

/**
 * Makes the package.json that is published from that of the workspace: built files in the place of
 * sources, what is bundled left out, and what only a part needs as an optional peer.
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
  // Not next: each app has one, which lib/server finds from the app's folder. As an optional peer it made npm
  // look up all of Next's own optional peers too, for seconds.
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
    // For `moduleResolution: "node"`, which knows no exports and which Next 15 leaves in an app's tsconfig.json.
    types: "./index.d.mts",
    typesVersions: { "*": { "*": ["./*.d.mts"] } },
    imports: { "#optional/*": "./optional/*" },
    files: ["**/*.mjs", "**/*.d.mts", "optional/*.cjs", "LICENSES-OF-BUNDLED.md"],
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

/** The workspace pins what it is tested with; an app may have a later one that promises the same. */
function ranged([name, version]: readonly [string, string]): readonly [string, string] {
  return [name, `^${version}`];
}

import type { OxlintConfig } from "oxlint";
import { type Room, ROOMS } from "./rooms.ts";

/** How many folders below a room's own folder its files may lie. */
const DEEPEST = 6;

const EXTENSION = /\.[cm]?[jt]sx?$/;

/** Returns true when a room's entry of files names a folder. */
const isFolder = (entry: string): boolean => !entry.includes("*") && !EXTENSION.test(entry);

/** What other rooms write to import files of a room: `#lib/policy/**` for those of lib/policy. */
function specifiersOf({ files }: Room): readonly string[] {
  return files.flatMap((entry) => {
    const name = `#${entry.replace(EXTENSION, "")}`;
    return isFolder(entry) ? [name, `${name}/**`] : [name];
  });
}

const withSubpaths = (name: string): readonly string[] => [name, `${name}/**`];

/** Every specifier but those that a room may import. As in .gitignore, the last pattern decides. */
function forbidden({ imports, packages = [], node, next }: Room): readonly string[] {
  const allowed = [...packages, ...(next ? ["next"] : [])].flatMap(withSubpaths);
  return [
    "*",
    ...[...allowed, ...(node ? ["node:*", "node:*/**"] : [])].map((pattern) => `!${pattern}`),
    ...Object.entries(ROOMS).flatMap(([name, room]) =>
      specifiersOf(room).map((pattern) => (imports.includes(name) ? `!${pattern}` : pattern)),
    ),
  ];
}

/** The relative paths that stay in a room, of a file so many folders below the room's own folder. */
function relative(folder: string, depth: number): readonly string[] {
  const up = "../".repeat(depth);
  const inner = Object.values(ROOMS)
    .flatMap(({ files }) => files)
    .filter((entry) => entry.startsWith(`${folder}/`))
    .map((entry) => entry.slice(folder.length + 1))
    .map((entry) => (entry.startsWith("**/") ? entry : `${up || "./"}${entry}`));
  return [
    "!./**",
    ...(depth > 0 ? ["!../**"] : []),
    `${up}../**`,
    ...inner.flatMap((entry) => (isFolder(entry) ? [`${entry}/**`] : [entry])),
  ];
}

type Override = NonNullable<OxlintConfig["overrides"]>[number];

function override(name: string, files: string, ways: readonly string[]): Override {
  const room = ROOMS[name] as Room;
  if (room.everything) return { files: [files], rules: { "no-restricted-imports": "off" } };
  const message = `${name} may not import this: see its row in rooms.ts.`;
  const patterns = [{ group: [...forbidden(room), ...ways], message }];
  return { files: [files], rules: { "no-restricted-imports": ["error", { patterns }] } };
}

/** The relative paths of files that a room names one by one, and of data beside them. */
function beside({ files }: Room): readonly string[] {
  const names = files.filter((entry) => !isFolder(entry)).map((entry) => entry.split("/").at(-1));
  return [...names, "*.json"].map((name) => `!./${name}`);
}

/** The rules of one entry of a room's files; files of a folder differ by how deep in it they lie. */
function overridesOf(name: string, entry: string): readonly Override[] {
  if (!isFolder(entry)) return [override(name, entry, beside(ROOMS[name] as Room))];
  return [
    override(name, `${entry}/**`, relative(entry, DEEPEST)),
    ...Array.from({ length: DEEPEST }, (_, depth) =>
      override(name, `${entry}/${"*/".repeat(depth)}*`, relative(entry, depth)),
    ),
  ];
}

const entries = Object.entries(ROOMS).flatMap(([name, { files }]) =>
  files.map((entry) => [name, entry] as const),
);

/** A glob without a folder matches in every folder, so those come first: later overrides win. */
const restrictions = [
  ...entries.filter(([, entry]) => !entry.includes("/") && !isFolder(entry)),
  ...entries.filter(([, entry]) => entry.includes("/") || isFolder(entry)),
].flatMap(([name, entry]) => overridesOf(name, entry));

const config: OxlintConfig = {
  plugins: [
    "typescript",
    "unicorn",
    "oxc",
    "import",
    "promise",
    "vitest",
    "nextjs",
    "react",
    "jsx-a11y",
  ],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  options: { typeAware: true },
  rules: {
    "typescript/no-explicit-any": "error",
    "import/no-cycle": "error",
    "import/no-unassigned-import": ["error", { allow: ["**/*.css"] }],
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/switch-exhaustiveness-check": "error",
    "typescript/no-non-null-assertion": "error",
    "import/no-named-as-default-member": "off",
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/consistent-return": "off",
    eqeqeq: "error",
    "no-var": "error",
    "prefer-const": "error",
    "no-console": "off",
    "no-await-in-loop": "off",
    "react/react-in-jsx-scope": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/no-array-reverse": "off",
    "no-underscore-dangle": "off",
    "no-shadow": "off",
    "oxc/no-map-spread": "off",
    "unicorn/consistent-function-scoping": "off",
    "vitest/require-mock-type-parameters": "off",
    "no-unmodified-loop-condition": "off",
    "react/no-unescaped-entities": "off",
    "vitest/no-disabled-tests": "error",
    "vitest/no-focused-tests": "error",
    // Those of headgate/testing too.
    "vitest/expect-expect": ["error", { assertFunctionNames: ["expect*", "assert*"] }],
  },
  ignorePatterns: [
    ".next",
    ".open-next",
    ".wrangler",
    "next-env.d.ts",
    "tests/fixtures/**/.next",
    "lib/dashboard/assets.ts",
  ],
  overrides: restrictions,
};

export default config;

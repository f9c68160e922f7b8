import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { relative } from "node:path/posix";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Room, ROOMS } from "../../rooms.ts";
import { inspect } from "../house/inspect.ts";
import { readHouse } from "../house/read-house.ts";
import { refusalOf, roomOf } from "../house/room-of.ts";
import { ROOT } from "../support/app.ts";
import { IMPORT_ROWS } from "../support/import-rows.ts";

/** Every form of an import that a bundler follows. */
const FORMS: readonly ((specifier: string, i: number) => string)[] = [
  (specifier, i) => `import * as i${i} from "${specifier}";`,
  (specifier, i) => `import type * as t${i} from "${specifier}";`,
  (specifier) => `export * from "${specifier}";`,
  (specifier, i) => `export { x as e${i} } from "${specifier}";`,
  (specifier) => `await import("${specifier}");`,
];

const PACKAGES = new Set(Object.values(ROOMS).flatMap(({ packages = [] }) => packages));

/** The settings of this test, which cannot contain forbidden imports themselves. */
const SETTINGS = ["rooms.ts", "oxlint.config.ts"];

/** Returns a file for each entry of a room, and for a folder a deeper file too. JavaScript has no types, so it is left out. */
function filesOf({ files }: Room): readonly string[] {
  return files
    .filter((entry) => !SETTINGS.includes(entry) && !entry.endsWith(".mjs"))
    .flatMap((entry) => {
      if (entry.endsWith(".ts")) return [entry.replace("**", "deep").replace("*", "x")];
      if (entry.endsWith("*")) return [entry.replace(/\*$/, entry.endsWith(".*") ? "ts" : "x.ts")];
      return [`${entry}/x.ts`, `${entry}/deep/down/x.ts`];
    });
}

/** Returns the imports to try in a file: each room by its name and by a relative path, packages, Node, Next. */
function specifiersFor(file: string): readonly string[] {
  const rooms = Object.values(ROOMS).flatMap((room) => filesOf(room)[0] ?? []);
  const named = rooms.filter((path) => /^(?:lib|app|config)\//.test(path));
  const others = rooms.filter((path) => roomOf(path) !== roomOf(file));
  return [
    ...named.map((path) => `#${path.replace(/\.ts$/, "")}`),
    ...others.map((path) => relative(dirname(file), path).replace(/^(?!\.)/, "./")),
    ...(file.includes("/") ? ["./y.ts"] : []),
    ...[...PACKAGES, "left-out", "@left/out"].flatMap((name) => [name, `${name}/deep/path`]),
    "node:fs",
    "node:fs/promises",
    "next",
    "next/server",
  ];
}

/** The imports that are tried in each file. */
const tried = new Map(
  Object.values(ROOMS)
    .flatMap((room) => filesOf(room))
    .map((file) => [file, specifiersFor(file)]),
);
for (const { file, refused, allowed } of IMPORT_ROWS)
  tried.set(file, [...new Set([...(tried.get(file) ?? []), ...refused, ...allowed])]);

let folder: string;
/** Each import that the linter rejected, as "file: import". */
let refusals: Set<string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "headgate-lint-"));
  for (const name of SETTINGS) copyFileSync(join(ROOT, name), join(folder, name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  for (const file of tried.keys()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), linesOf(file).join("\n"));
  }
  refusals = lint();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function linesOf(file: string): readonly string[] {
  return (tried.get(file) ?? []).flatMap((specifier) => linesFor(file, specifier));
}

/** Returns every form of an import, with names that no other line of the file has. */
function linesFor(file: string, specifier: string): readonly string[] {
  const at = (tried.get(file) ?? []).indexOf(specifier);
  return FORMS.map((form) => form(specifier, at));
}

interface Report {
  readonly diagnostics: readonly {
    readonly code: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
}

function lint(): Set<string> {
  const oxlint = join(ROOT, "node_modules", "oxlint", "bin", "oxlint");
  const args = [oxlint, "-c", "oxlint.config.ts", "-A", "all", "--format", "json", "."];
  const options = { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  const report = JSON.parse(spawnSync(process.execPath, args, options).stdout) as Report;
  const lines = new Map([...tried.keys()].map((file) => [file, linesOf(file)]));
  return new Set(
    report.diagnostics
      .filter(({ code }) => code.includes("no-restricted-imports"))
      .map(({ filename, labels }) => {
        const line = lines.get(filename)?.[(labels[0]?.span.line ?? 0) - 1];
        return `${filename}: ${line}`;
      }),
  );
}

/** Returns the forms of an import that the linter rejected in a file. */
function refusedForms(file: string, specifier: string): readonly string[] {
  return linesFor(file, specifier).filter((line) => refusals.has(`${file}: ${line}`));
}

describe("a row of rooms.ts", () => {
  test.each(
    IMPORT_ROWS.flatMap(({ file, refused }) => refused.map((specifier) => [file, specifier])),
  )("%s must not import %s", (file, specifier) => {
    expect(refusalOf(file, specifier)).toContain(`may not import ${specifier}`);
    expect(refusedForms(file, specifier)).toEqual(linesFor(file, specifier));
  });

  test.each(
    IMPORT_ROWS.flatMap(({ file, allowed }) => allowed.map((specifier) => [file, specifier])),
  )("%s may import %s", (file, specifier) => {
    expect(refusalOf(file, specifier)).toBeUndefined();
    expect(refusedForms(file, specifier)).toEqual([]);
  });

  test.each(Object.keys(ROOMS))("%s has imports written by hand", (name) => {
    expect(name === "tools" || IMPORT_ROWS.some(({ file }) => roomOf(file) === name)).toBe(true);
  });
});

test.each(Object.entries(ROOMS))("the linter enforces the whole row of %s", (name, room) => {
  const files = filesOf(room);
  expect(files.map((file) => roomOf(file))).toEqual(files.map(() => name));
  const imports = files.flatMap((file) =>
    specifiersFor(file).map((specifier) => ({ file, specifier })),
  );
  const expected = imports.filter(({ file, specifier }) => refusalOf(file, specifier));
  const actual = imports.filter(({ file, specifier }) => refusedForms(file, specifier).length > 0);
  expect(actual).toEqual(expected);
  // A row whose globs match no file would reject no import.
  expect(expected.length > 0 || room.everything).toBe(true);
});

describe("the repository", () => {
  const house = readHouse();
  const paths = [...house.files.keys()];
  const report = inspect(house);

  test("every file belongs to a room", () => {
    expect(paths.filter((path) => roomOf(path) === undefined)).toEqual([]);
  });

  test("every folder of lib is a room", () => {
    const folders = new Set(
      paths.filter((path) => /^lib\/.*\//.test(path)).map((path) => path.split("/")[1]),
    );
    expect(folders.size).toBeGreaterThan(10);
    expect([...folders].filter((name) => !ROOMS[`lib/${name}`])).toEqual([]);
  });

  test.each(Object.keys(ROOMS))("%s has files", (name) => {
    expect(paths.filter((path) => roomOf(path) === name)).not.toEqual([]);
  });

  test("no file imports what rooms.ts forbids, even in files that the linter skips", () => {
    expect(report.refusals).toEqual([]);
  });

  test("no files and no rooms import each other in a cycle", () => {
    expect(report.cycles).toEqual([]);
  });

  test("each package.json lists the packages that its files import, and no others", () => {
    expect(report.packages).toEqual([]);
  });
});

import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseSync } from "oxc-parser";
import { ROOT } from "./app.ts";
import { complaintsOf } from "./compile.ts";
import { EXAMPLE_OPTIONS, moduleOf } from "./example-module.ts";

/** A block of code on a page. */
export interface Block {
  /** What the fence names, such as "ts" or "sh"; empty where it names nothing. */
  readonly language: string;
  readonly code: string;
  /** The line of the page on which the code begins. */
  readonly line: number;
}

/** Returns README.md and the pages of docs, but for the decisions, as paths from the root. */
export function readersPages(): readonly string[] {
  const pages = globSync("docs/**/*.md", { cwd: ROOT });
  return ["README.md", ...pages.filter((page) => !page.startsWith("docs/decisions/")).toSorted()];
}

/** Returns the blocks of a page, also those within a list, without their indentation. */
export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^( *)```(\w*)[^\n]*\n(.*?)^\1```$/gms)].map(
    ([, indent = "", language = "", code = ""], at, all) => ({
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
      line: text.slice(0, all[at]?.index).split("\n").length + 1,
    }),
  );
}

/** The path of a file of the reader's app, which the first line of a block names in a comment. */
const PATH = /^\/\/ ([\w@()[\].-]+(?:\/[\w@()[\].-]+)*\.tsx?)\n/;

/**
 * Writes the code of a page into a folder: the files that blocks name, and each other block as a module. A
 * block that shows a file again begins another folder, in which the other files are as they were shown then.
 * Code that cannot be parsed is not written, because tsc would then report no other errors.
 *
 * @returns a sentence for each block that cannot be parsed
 */
function writePage(page: string, to: string): readonly string[] {
  const files = new Map<string, string[]>();
  const unreadable: string[] = [];
  for (const { language, code, line } of blocksOf(page)) {
    if (language !== "ts" && language !== "tsx") continue;
    const [, path = `fragments/line-${line}.${language}`] = PATH.exec(code) ?? [];
    const text = PATH.test(code) ? code : moduleOf(asStatements(code, language));
    const [error] = parseSync(`a.${language}`, text).errors;
    if (error) unreadable.push(`line ${line}: ${error.message}`);
    else files.set(path, [...(files.get(path) ?? []), text]);
  }
  const versions = Math.max(0, ...[...files.values()].map((shown) => shown.length));
  for (const [path, shown] of files) {
    for (let version = 1; version <= versions; version++) {
      const code = shown[version - 1] ?? (isFragment(path) ? undefined : shown.at(-1));
      if (code === undefined) continue;
      const file = join(to, `${version}`, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, withoutAlias(code, relative(dirname(file), join(to, `${version}`))));
    }
  }
  return unreadable;
}

/** Identities that excerpts of a policy may count. */
const IDENTITIES = ["user", "account", "plan", "tenant"].map((name) => `${name}: "from-code"`);

/** Lets a fragment be properties of a policy or rules of one, as well as statements. */
function asStatements(code: string, language: string): string {
  const first = code.split("\n").find((line) => !/^\s*(?:\/\/|$)/.test(line)) ?? "";
  if (!/^\s*(?:"[\w-]+"|\w+): /.test(first)) return code;
  const isPolicy = /^\s*(?:identities|rules|exempt|allow|block|mode|locales|defaults|conditions):/m;
  const properties = isPolicy.test(code)
    ? code.trimEnd().replace(/,$/, "")
    : `rules: {\n${code}\n}`;
  const missing = [
    ...(/\bidentities\b/.test(code) ? [] : [`identities: { ${IDENTITIES.join(", ")} },`]),
    ...(/\brules:/.test(properties) ? [] : ["rules: {},"]),
    ...(/"?monitor"?: /.test(code) ? ["conditions: { monitor: () => true },"] : []),
  ];
  const wrapped = `definePolicy({\n${missing.join("\n")}\n${properties}\n});`;
  return parseSync(`a.${language}`, wrapped).errors.length === 0 ? wrapped : code;
}

function isFragment(path: string): boolean {
  return path.startsWith("fragments/");
}

/** Lets `@/` name the folder of the page. All pages compile in one program, where an alias is one path. */
function withoutAlias(code: string, top: string): string {
  return code.replaceAll(/((?:from|import|import\()\s*["'])@\//g, `$1${top || "."}/`);
}

/**
 * Compiles the code of pages, whole files apart from fragments: only fragments see the names of
 * tests/fixtures/examples/context.ts.
 *
 * @param folder within the tree, so that packages and `#config/…` are found
 * @returns the errors of each page that has some
 */
export function complaintsOfPages(
  pages: readonly string[],
  folder: string,
): ReadonlyMap<string, string> {
  const nameOf = (page: string) => page.replaceAll(/\W/g, "-");
  const found = new Map<string, readonly string[]>();
  for (const page of pages) found.set(page, writePage(page, join(folder, "pages", nameOf(page))));
  const whole = complaintsIn(folder, {
    compilerOptions: { ...USUAL, incremental: false, tsBuildInfoFile: null },
    include: ["pages/**/*"],
    exclude: ["pages/**/fragments/*"],
  });
  const fragments = complaintsIn(folder, {
    compilerOptions: { ...EXAMPLE_OPTIONS, ...USUAL },
    include: ["pages/**/fragments/*"],
    files: [join(ROOT, "tests", "fixtures", "examples", "context.ts")],
    exclude: [],
  });
  const errors = [...new Set([...whole, ...fragments])];
  for (const page of pages) {
    const own = errors.filter((line) => line.startsWith(`pages/${nameOf(page)}/`));
    found.set(page, [...(found.get(page) ?? []), ...own]);
  }
  return new Map(
    [...found].flatMap(([page, all]) => (all.length > 0 ? [[page, all.join("\n")]] : [])),
  );
}

/** What an app of a reader does not forbid. */
const USUAL = { noPropertyAccessFromIndexSignature: false };

/** Returns the errors of tsc, each beginning with the path of its file from the folder. */
function complaintsIn(folder: string, settings: object): readonly string[] {
  const complaints = complaintsOf(folder, { extends: join(ROOT, "tsconfig.json"), ...settings });
  const lines = complaints.split("\n").filter((line) => /^[^ ].*: error TS/.test(line));
  if (complaints !== "" && lines.length === 0) throw new Error(complaints);
  const fromFolder = relative(ROOT, folder);
  return lines.map((line) => line.replace(`${fromFolder}/`, ""));
}

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type Node, nodeOf, parseSource } from "#lib/source/parse";

const ENDINGS = ["ts", "tsx", "js", "jsx", "mjs", "mts", "cjs", "cts"];

/**
 * How many imports deep the gate is searched: in a file that middleware imports, or in a file that this one
 * imports.
 */
const DEEPEST = 3;

/** A file that Next runs before each request of an app. */
export interface EntryFile {
  /** The path from the app's folder, such as "src/middleware.ts". */
  readonly file: string;
  /**
   * True when it imports Headgate, directly or through a file of the app; null when it cannot be read or
   * parsed.
   */
  readonly hasGate: boolean | null;
  /** True when its gate follows what is set while the app runs: it imports `headgate/live` in the same way. */
  readonly followsControl: boolean;
  /** True when Next uses it: it must be beside the folder app or pages. */
  readonly isTaken: boolean;
}

/** The layout of an app. */
export interface AppForm {
  /** True when the folder of the app is src. */
  readonly isInSrc: boolean;
  readonly routers: readonly ("app" | "pages")[];
  /**
   * The files that Next runs before requests. More than one is a mistake. Without any, no rule is checked
   * before handlers.
   */
  readonly entries: readonly EntryFile[];
}

/** Finds the layout of the app in a folder. */
export function findAppForm(root: string): AppForm {
  const routersIn = (home: string) =>
    (["app", "pages"] as const).filter((name) => isFolder(join(home, name)));
  const src = join(root, "src");
  const isInSrc = routersIn(root).length === 0 && routersIn(src).length > 0;
  const home = isInSrc ? src : root;
  const homes = [root, home];
  const ofHeadgate = { homes, isMeant: (name: string) => /^headgate(?:\/|$)/.test(name) };
  const ofLive = { homes, isMeant: (name: string) => name === "headgate/live" };
  const files = [root, src].flatMap((folder) =>
    ["proxy", "middleware"].flatMap((name) => fileAt(join(folder, name)) ?? []),
  );
  return {
    isInSrc,
    routers: routersIn(home),
    entries: files.map((file) => ({
      file: relative(root, file),
      hasGate: doesImport(file, ofHeadgate, DEEPEST),
      followsControl: doesImport(file, ofLive, DEEPEST) === true,
      isTaken: dirname(file) === home,
    })),
  };
}

/** The imports that are searched for. */
interface Imports {
  /** The folders that a prefix such as "@/" may mean. */
  readonly homes: readonly string[];
  isMeant(name: string): boolean;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function fileAt(path: string): string | undefined {
  return ENDINGS.map((ending) => `${path}.${ending}`).find((file) => existsSync(file));
}

function doesImport(file: string, imports: Imports, depth: number): boolean | null {
  const body = statementsOf(file);
  if (!body) return null;
  const names = body.flatMap((node) => importedBy(node) ?? []);
  if (names.some((name) => imports.isMeant(name))) return true;
  if (depth === 0) return false;
  return names
    .flatMap((name) => importedFile(name, file, imports.homes) ?? [])
    .some((imported) => doesImport(imported, imports, depth - 1) === true);
}

/** Returns the statements of a file; undefined when it cannot be read or parsed. */
function statementsOf(file: string): readonly Node[] | undefined {
  try {
    const { body, problem } = parseSource(file, readFileSync(file, "utf8"));
    return problem ? undefined : body;
  } catch {
    return undefined;
  }
}

/** Returns the module of an import, or of an export from another file. */
function importedBy(node: Node): string | undefined {
  const source = nodeOf(node["source"])?.["value"];
  return typeof source === "string" ? source : undefined;
}

/** Returns the app's file that an import names: by a relative path, or by a prefix such as "@/" or "#". */
function importedFile(name: string, from: string, homes: readonly string[]): string | undefined {
  const rest = /^(?:[@~]\/|#\/?)(.+)$/.exec(name)?.[1];
  const paths = /^\.{1,2}\//.test(name)
    ? [join(dirname(from), name)]
    : homes.flatMap((home) => (rest === undefined ? [] : [join(home, rest)]));
  const asWritten = (path: string) =>
    statSync(path, { throwIfNoEntry: false })?.isFile() ? path : undefined;
  return paths
    .flatMap((path) => [
      asWritten(path) ??
        fileAt(path.replace(/\.[cm]?jsx?$/, "")) ??
        fileAt(join(path, "index")) ??
        [],
    ])
    .flat()[0];
}

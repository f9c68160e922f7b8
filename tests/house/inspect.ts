import { GATE, ROOMS } from "../../rooms.ts";
import { cyclesOf, type Graph } from "./cycles.ts";
import { functionsOf, type Measured } from "./functions.ts";
import { type Import, importsOf } from "./imports.ts";
import { type Manifest, packageFindings } from "./packages.ts";
import { refusalOf, roomOf, targetOf } from "./room-of.ts";

/** What the house is made of. */
export interface House {
  /** The source of each file, by its path from the top of the tree. */
  readonly files: ReadonlyMap<string, string>;
  /** The package.json of the sample, at the top. */
  readonly sample: Manifest;
  /** The package.json of lib. */
  readonly lib: Manifest;
}

/** What was found in a house. */
export interface Report {
  /** Imports of `#lib` outside lib and tests, as "file:line specifier". Wanted: 0. */
  readonly importsOfLib: readonly string[];
  /** Files under lib that know a name of the sample. Wanted: 0. */
  readonly sampleNames: readonly string[];
  /** Cycles between files, and between rooms. Wanted: 0. */
  readonly cycles: readonly string[];
  /** Imports that rooms.ts forbids, and files outside every room. Wanted: 0. */
  readonly refusals: readonly string[];
  /** Where a package.json and what is imported differ. Wanted: 0. */
  readonly packages: readonly string[];
  /** Every function in the rooms of the gate, the longest first. */
  readonly functions: readonly LocatedFunction[];
  /** Files and lines of code (without blank lines and comments) by room. */
  readonly sizes: ReadonlyMap<string, { readonly files: number; readonly lines: number }>;
}

/** A function, and the file that it is in. */
export interface LocatedFunction extends Measured {
  readonly file: string;
}

/** Names that only the sample has. */
const SAMPLE_NAMES = /instagram|artist|portfolio/i;

interface Located extends Import {
  readonly file: string;
}

/**
 * Returns what is wrong in a house, and how large it is.
 *
 * @throws Error for a file that does not parse
 */
export function inspect({ files, sample, lib }: House): Report {
  const imports = [...files].flatMap(([file, source]) =>
    importsOf(file, source).map((each): Located => ({ ...each, file })),
  );
  return {
    importsOfLib: imports
      .filter(({ file, specifier }) => isSample(file) && specifier?.startsWith("#lib/"))
      .map(({ file, line, specifier }) => `${file}:${line} ${specifier}`),
    sampleNames: [...files]
      .filter(([file, source]) => isLib(file) && SAMPLE_NAMES.test(file + source))
      .map(([file]) => file),
    cycles: [...cyclesOf(graphOfFiles(imports, files)), ...cyclesOf(graphOfRooms(imports))].map(
      (members) => members.join(", "),
    ),
    refusals: refusalsIn(imports, files),
    packages: [
      ...packageFindings("lib/package.json", lib, namedByLib(imports, sample)),
      ...packageFindings("package.json", sample, named(imports, isOutsideLib)),
    ],
    functions: functionsOfGate(files),
    sizes: sizesOf(files),
  };
}

const isLib = (file: string): boolean => file.startsWith("lib/");
const isTest = (file: string): boolean => file.startsWith("tests/");
const isSample = (file: string): boolean => !isLib(file) && !isTest(file);
/** Fixtures are other apps, with or without a package.json. */
const isOutsideLib = (file: string): boolean => !isLib(file) && !file.startsWith("tests/fixtures/");

function named(imports: readonly Located[], where: (file: string) => boolean) {
  return imports.flatMap(({ file, specifier }) =>
    specifier !== undefined && where(file) ? [{ file, specifier }] : [],
  );
}

/** What lib imports, without what is bundled into it and listed where it is built. */
function namedByLib(imports: readonly Located[], { devDependencies = {} }: Manifest) {
  return named(imports, isLib).filter(({ file, specifier }) => {
    const target = targetOf(file, specifier);
    const isBuilt = target.kind === "package" && Object.hasOwn(devDependencies, target.name);
    return !(isBuilt && ROOMS[roomOf(file) ?? ""]?.bundled);
  });
}

function functionsOfGate(files: House["files"]): readonly LocatedFunction[] {
  return [...files]
    .filter(([file]) => [...GATE, "lib"].includes(roomOf(file) ?? ""))
    .flatMap(([file, source]) => functionsOf(file, source).map((each) => ({ ...each, file })))
    .toSorted((one, other) => other.lines - one.lines);
}

function refusalsIn(imports: readonly Located[], files: House["files"]): readonly string[] {
  const homeless = [...files.keys()].filter((file) => roomOf(file) === undefined);
  return [
    ...homeless.map((file) => `${file}: no room of rooms.ts has this file.`),
    ...imports.flatMap(({ file, line, specifier }) => {
      const refusal = refusalOf(file, specifier);
      return refusal === undefined ? [] : [`${file}:${line}: ${refusal}`];
    }),
  ];
}

/** Edges between files, of types too. */
function graphOfFiles(imports: readonly Located[], files: House["files"]): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { file, specifier } of imports) {
    const target = specifier === undefined ? undefined : targetOf(file, specifier);
    if (target?.kind === "file" && files.has(target.path)) edge(graph, file, target.path);
  }
  return graph;
}

function graphOfRooms(imports: readonly Located[]): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { file, specifier } of imports) {
    const target = specifier === undefined ? undefined : targetOf(file, specifier);
    const from = roomOf(file);
    const to = target?.kind === "file" ? roomOf(target.path) : undefined;
    if (from !== undefined && to !== undefined && from !== to) edge(graph, from, to);
  }
  return graph;
}

function edge(graph: Map<string, Set<string>>, from: string, to: string): void {
  const known = graph.get(from);
  if (known) known.add(to);
  else graph.set(from, new Set([to]));
}

function sizesOf(files: House["files"]): Report["sizes"] {
  return new Map(
    Object.keys(ROOMS).map((name) => {
      const sources = [...files].filter(([file]) => roomOf(file) === name);
      const lines = sources.reduce((sum, [, source]) => sum + linesOfCode(source), 0);
      return [name, { files: sources.length, lines }];
    }),
  );
}

function linesOfCode(source: string): number {
  return source.split("\n").filter((line) => !/^\s*(?:$|\/\/|\/?\*)/.test(line)).length;
}

import type { LocatedFunction, Report } from "./inspect.ts";

/**
 * The most that the house may have, where that is not nothing. The owner of the gate lowers these numbers
 * here; they are never raised.
 */
export const MOST = {
  /** Files under lib of which a function is called for one checked request. */
  filesOnWay: 24,
  /** The same with the REST call to the store, headers, events and the log. */
  filesOnWholeWay: 37,
  /** Lines of the longest function in the rooms of the gate. */
  linesOfFunction: 60,
};

/** As many of the longest functions are named. */
const NAMED = 3;

/** The files of which a function is called for one checked request. */
export interface Ways {
  /** By the gate alone, over a store that answers at once. */
  readonly gate: readonly string[];
  /** By all that `createHeadgate` makes. */
  readonly whole: readonly string[];
}

/** Returns the report on a house as text, and whether the house is within its bounds. */
export function render(
  report: Report,
  { gate, whole }: Ways,
  most = MOST,
): { readonly text: string; readonly isSound: boolean } {
  const { importsOfLib, sampleNames, cycles, refusals, packages, functions } = report;
  const importers = new Set(importsOfLib.map((each) => each.split(":")[0]));
  const rows = [
    [`imports of #lib from the sample, in ${importers.size} files`, importsOfLib, 0],
    ["files under lib that know a name of the sample", sampleNames, 0],
    ["import cycles", cycles, 0],
    ["imports that rooms.ts forbids", refusals, 0],
    ["differences between package.json and imports", packages, 0],
    ["files on a request's way through the gate", gate, most.filesOnWay],
    ["files on its way with the store's call and the events", whole, most.filesOnWholeWay],
  ] as const;
  const failed = rows.filter(([, found, bound]) => found.length > bound);
  const longest = functions[0]?.lines ?? 0;
  return {
    text: [
      sizes(report),
      listed("a checked request runs through these files", gate),
      listed(
        "and for the store's call, headers, events and the log through these",
        whole.filter((file) => !gate.includes(file)),
      ),
      listed("the longest functions in the rooms of the gate", functions.slice(0, NAMED).map(line)),
      ...rows.map(([what, found, bound]) => `${what}: ${found.length} (at most ${bound})`),
      `lines of the longest function: ${longest} (at most ${most.linesOfFunction})`,
      ...failed.map(([what, found]) => `\n${listed(what, found)}`),
    ].join("\n"),
    isSound: failed.length === 0 && longest <= most.linesOfFunction,
  };
}

function listed(what: string, found: readonly string[]): string {
  return [`${what}:`, ...found.map((each) => `  ${each}`), ""].join("\n");
}

function line({ file, name, lines }: LocatedFunction): string {
  return `${file} ${name}: ${lines} lines`;
}

function sizes({ sizes: rooms }: Report): string {
  const lines = [...rooms].map(
    ([name, size]) =>
      `${name.padEnd(20)} ${String(size.files).padStart(4)} files ${String(size.lines).padStart(6)} lines of code`,
  );
  return `${lines.join("\n")}\n`;
}

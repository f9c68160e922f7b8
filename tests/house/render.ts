import type { Report } from "./inspect.ts";

/** Says what was found in a house, and whether it is no worse than it may be. */
export function render(report: Report): { readonly text: string; readonly isSound: boolean } {
  const { importsOfLib, sampleNames, cycles, refusals, packages } = report;
  const importers = new Set(importsOfLib.map((each) => each.split(":")[0]));
  const rows = [
    [`imports of #lib from the sample, in ${importers.size} files`, importsOfLib, 0],
    ["files under lib that know a name of the sample", sampleNames, 0],
    ["import cycles", cycles, 0],
    ["imports that rooms.ts forbids", refusals, 0],
    ["differences between package.json and imports", packages, 0],
  ] as const;
  const failed = rows.filter(([, found, bound]) => found.length > bound);
  return {
    text: [
      sizes(report),
      ...rows.map(([what, found, bound]) => `${what}: ${found.length} (at most ${bound})`),
      ...failed.flatMap(([what, found]) => ["", `${what}:`, ...found.map((each) => `  ${each}`)]),
    ].join("\n"),
    isSound: failed.length === 0,
  };
}

function sizes({ sizes: rooms }: Report): string {
  const lines = [...rooms].map(
    ([name, size]) =>
      `${name.padEnd(20)} ${String(size.files).padStart(4)} files ${String(size.lines).padStart(6)} lines of code`,
  );
  return `${lines.join("\n")}\n`;
}

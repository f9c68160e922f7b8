import { BESIDE, ENTRIES, GROWING, type Named, PARTS } from "./bundles.ts";

/** Every bundle of the page, in its order. */
export const ALL: readonly Named[] = [...GROWING, ...PARTS, ...ENTRIES, ...BESIDE];

/** What entries may add to a bundle that has the factory, in bytes. */
const MOST_BESIDE: Readonly<Record<string, number>> = { "headgate/live": 2500 };

/** A figure may differ from the page by this part of itself, or by so many bytes, whichever is more. */
const TOLERANCE = 0.02;
const TOLERANCE_BYTES = 100;

/** Returns docs/reference/sizes.md for the sizes of all bundles, in bytes and in the order of {@link ALL}. */
export function pageOf(sizes: readonly number[]): string {
  const sizeOf = (bundle: Named | undefined): number => (bundle && sizes[ALL.indexOf(bundle)]) ?? 0;
  const factory = sizeOf(GROWING.at(-1));
  return `# Sizes at the edge

What each entry of the package and each opt-in adds to a bundle that runs at the edge, in kB (1,000 bytes) of minified code by brotli. esbuild bundles it. \`npm run sizes\` writes this page, and \`npm run check:size\` fails when a figure is off by more than 2 % (or ${TOLERANCE_BYTES} bytes, where that is more) and when the gate is larger than [it may be](figures.md#size-at-the-edge).

## The gate, step by step
Each row has all that the rows above it have. \`createHeadgate\` joins the same parts and reads nothing before the first request.

${table(
  ["what is bundled", "in all", "adds"],
  GROWING.map((bundle, i) => [
    bundle.name,
    kB(sizeOf(bundle)),
    i === 0 ? "" : kB(sizeOf(bundle) - sizeOf(GROWING[i - 1])),
  ]),
)}

## What every gate has
These parts are in each bundle, whether a policy uses them or not, since a policy is data that is read when the server starts. A row says how much smaller the factory would be without the part. Parts share code, so the rows do not add up.

${table(
  ["part", "takes"],
  PARTS.map((bundle) => [bundle.name, kB(factory - sizeOf(bundle))]),
)}

## Entries
The second column is a bundle of the entry alone, such as a handler's. The third is what the entry adds to a bundle that has the factory. Each takes all that the entry exports; a bundle that imports less is smaller. Entries that run in Node alone are left out.

${table(
  ["entry", "alone", "beside the factory"],
  ENTRIES.map((bundle, i) => [
    `\`${bundle.name}\``,
    kB(sizeOf(bundle)),
    kB(sizeOf(BESIDE[i]) - factory),
  ]),
)}
`;
}

/** Returns a sentence for each entry that adds more than it may, for the sizes of all bundles in the order of {@link ALL}. */
export function tooLarge(sizes: readonly number[]): readonly string[] {
  const sizeOf = (bundle: Named | undefined): number => (bundle && sizes[ALL.indexOf(bundle)]) ?? 0;
  const factory = sizeOf(GROWING.at(-1));
  return Object.entries(MOST_BESIDE).flatMap(([name, most]) => {
    const adds = sizeOf(BESIDE.find((bundle) => bundle.name === name)) - factory;
    return adds <= most ? [] : [`${name} adds ${adds} bytes to the factory; it may add ${most}.`];
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function kB(bytes: number): string {
  return (bytes / 1000).toFixed(2);
}

/** A figure of the page: a number of kB that fills a cell. */
const FIGURE = /(?<=\| )-?\d+\.\d\d(?= \|)/g;

/**
 * Returns what is stale on a page: a sentence for each line whose figures are beyond the tolerance, and one
 * where its words differ.
 */
export function staleness(written: string, measured: string): readonly string[] {
  if (written.replace(FIGURE, "") !== measured.replace(FIGURE, "")) {
    return ["The page has other words or rows than `npm run sizes` writes."];
  }
  const lines = measured.split("\n");
  return written.split("\n").flatMap((line, i) => {
    const now = figuresOf(lines[i] ?? "");
    const isStale = figuresOf(line).some((figure, j) => !isNear(figure, now[j] ?? 0));
    return isStale ? [`The page says  ${line}\nand measured is ${lines[i]}`] : [];
  });
}

function figuresOf(line: string): readonly number[] {
  return (line.match(FIGURE) ?? []).map(Number);
}

function isNear(written: number, measured: number): boolean {
  const difference = Math.abs(written - measured) * 1000;
  // Half a byte for what the subtraction of decimals leaves.
  return difference <= Math.max(Math.abs(measured) * 1000 * TOLERANCE, TOLERANCE_BYTES) + 0.5;
}

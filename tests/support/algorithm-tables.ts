import { type Algorithm, ALGORITHMS } from "#lib/limit/algorithms/all";
import { sumOf } from "./billed.ts";
import { markdownTable } from "./markdown-table.ts";
import { referenceOf } from "./references.ts";

/** The documentation's tables that are built from the files of the algorithms. */

const NAMES = ALGORITHMS.map(({ name }) => name);

/** Returns the table of docs/concepts/algorithms.md with a column for each algorithm. */
export function algorithmTable(): string {
  const row = (title: string, cell: (name: Algorithm) => string) => [title, ...NAMES.map(cell)];
  return markdownTable(
    row("", (name) => `\`${name}\``),
    row("default for", defaultFor),
    row("keeps", (name) => referenceOf(name).words.keeps),
    row(
      "most that any window of the limit's length admits",
      (name) => referenceOf(name).words.mostInAWindow,
    ),
    row("memory a client", (name) => referenceOf(name).words.memory),
    row("capacity returns", (name) => referenceOf(name).words.comesBack),
    row("Retry-After", () => "exact"),
    row("commands that Upstash bills for a check", billed),
  );
}

/** Returns the table of docs/concepts/algorithms.md about refunds. */
export function refundTable(): string {
  return markdownTable(
    ["algorithm", "what is refunded"],
    ...NAMES.map((name) => [`\`${name}\``, referenceOf(name).words.refunds]),
  );
}

/** Returns the table of docs/reference/figures.md. */
export function figuresTable(): string {
  return markdownTable(
    ["algorithm", "default for", "most that any window allows", "Retry-After"],
    ...NAMES.map((name) => {
      const { mostInAWindow } = referenceOf(name).words;
      const most = mostInAWindow === "L" ? "the limit" : mostInAWindow.replace("L", " × limit");
      return [`\`${name}\``, defaultFor(name), most, "exact"];
    }),
  );
}

/** Returns the limits for which an algorithm is the default, in words. */
export function defaultFor(algorithm: Algorithm): string {
  const defaults = ALGORITHMS.filter(({ defaultUpTo }) => defaultUpTo !== undefined);
  const nth = defaults.findIndex(({ name }) => name === algorithm);
  if (nth === -1) return "–";
  const { defaultUpTo } = defaults[nth] ?? {};
  const above = defaults[nth - 1]?.defaultUpTo;
  const parts = [
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(nth === defaults.length - 1 ? [] : [`up to ${defaultUpTo}`]),
  ];
  return `limits ${parts.join(" and ")}`;
}

function billed(algorithm: Algorithm): string {
  const reference = referenceOf(algorithm);
  const commands = String(sumOf(reference.billed));
  const { billedMore } = reference.words;
  return billedMore === undefined ? commands : `${commands}; ${billedMore}`;
}

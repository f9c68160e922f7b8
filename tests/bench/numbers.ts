/** Returns the value below which `percent` of the numbers are, interpolated between two numbers. */
export function percentile(percent: number, numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = ((sorted.length - 1) * percent) / 100;
  const [low = NaN, high = low] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** Returns a table in Markdown. */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Prints a table in Markdown. */
export function printTable(...table: Parameters<typeof tableOf>): void {
  console.log(tableOf(...table));
}

/** Returns a Markdown table in the format of the documentation. */
export function markdownTable(
  head: readonly string[],
  ...rows: readonly (readonly string[])[]
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`.replace("|  |", "| |");
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

import { FORMATS } from "#lib/respond/headers";
import { markdownTable } from "./markdown-table.ts";

const FOLDER = "../../lib/respond/headers";

/** Returns the table of docs/reference/headers.md with a row for each header format, from the format's file. */
export async function formatTable(): Promise<string> {
  const rows = FORMATS.map(async ({ name, headers, writtenFor }) => {
    const { WORDS = "" } = (await import(`${FOLDER}/${name}.ts`)) as { WORDS?: string };
    if (WORDS === "") throw new Error(`${name}.ts must export WORDS.`);
    const settings = writtenFor.map((value) => `\`${JSON.stringify(value)}\``);
    return [
      `\`${name}\``,
      headers.map((header) => `\`${header}\``).join(", "),
      WORDS,
      settings.join(", "),
    ];
  });
  return markdownTable(
    ["format", "headers", "what they tell", "written where `legacyHeaders` is"],
    ...(await Promise.all(rows)),
  );
}

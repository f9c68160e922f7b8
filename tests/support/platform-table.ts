import { PLATFORMS } from "#lib/identity/platforms/all";
import type { PlatformWords } from "#lib/identity/platforms/platform";
import { markdownTable } from "./markdown-table.ts";

const FOLDER = "../../lib/identity/platforms";

/** The name of a platform's file. */
export function fileOf(name: string): string {
  return `${name.replace("+", "-")}.ts`;
}

/** Returns the table of docs/guides/client-address.md with a row for each source of addresses, from the source's file. */
export async function platformTable(): Promise<string> {
  const rows = PLATFORMS.map(async ({ name }) => {
    const { WORDS } = (await import(`${FOLDER}/${fileOf(name)}`)) as { WORDS?: PlatformWords };
    if (!WORDS) throw new Error(`${fileOf(name)} must export WORDS.`);
    return [`\`${WORDS.example}\``, WORDS.where, WORDS.reads, WORDS.forged];
  });
  return markdownTable(
    ["`CLIENT_IP_FROM`", "where the app runs", "what is read", "what a client could forge"],
    ...(await Promise.all(rows)),
  );
}

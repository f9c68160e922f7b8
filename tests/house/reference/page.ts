import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..", "..");

/** A page that is generated. */
export interface Page {
  /** Its path from the root of the tree. */
  readonly path: string;
  /** Returns the text of the page. */
  readonly build: () => string | Promise<string>;
}

/** Returns a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map(cellOf).join(" | ")} |`).join("\n");
}

/** A cell is one line, and a bar in it must not end it. */
function cellOf(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").replaceAll(/(?<!\\)\|/g, "\\|");
}

/** Returns a page from its parts, with an empty line between two and the note who writes it. */
export function pageOf(...parts: readonly string[]): string {
  const [title = "", ...rest] = parts;
  return `${[title, NOTE, ...rest.filter(Boolean)].join("\n\n")}\n`;
}

const NOTE = "<!-- `npm run reference` writes this page. -->";

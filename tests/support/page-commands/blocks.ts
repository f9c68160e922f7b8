import { blocksOf, readersPages } from "../snippets.ts";

/** A block of commands on a page. */
export interface CommandBlock {
  readonly page: string;
  /** The line of the page on which the block begins. */
  readonly line: number;
  readonly commands: readonly string[];
  /** The output that the page shows, if the next block of the page is text. */
  readonly printed: string | undefined;
}

/** Returns the blocks of commands of every page for readers, in the order of the pages. */
export function commandBlocks(): readonly CommandBlock[] {
  return readersPages().flatMap((page) => {
    const blocks = blocksOf(page);
    return blocks.flatMap(({ language, code, line }, at) => {
      if (language !== "sh" && language !== "bash") return [];
      const next = blocks[at + 1];
      const printed = next?.language === "txt" ? next.code : undefined;
      return [{ page, line, commands: commandsIn(code), printed }];
    });
  });
}

/** Returns the lines of a shell text. A line that ends with a backslash continues on the next one. */
function commandsIn(code: string): readonly string[] {
  const lines = code.replaceAll(/\\\n\s*/g, " ").split("\n");
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

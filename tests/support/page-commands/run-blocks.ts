import type { CommandBlock } from "./blocks.ts";
import { differingLine } from "./shape.ts";
import { type Ended, runInTerminal, type Step } from "./shell.ts";

/**
 * Runs commands of a page in one shell, block by block, and compares what each block prints with the text
 * that the page shows after it.
 *
 * @param stepOf returns where and as what a command runs, and undefined for a command that it leaves out
 * @returns a sentence for each command that failed, and for each block that printed something else
 */
export async function complaintsOfBlocks(
  blocks: readonly CommandBlock[],
  stepOf: (command: string, block: CommandBlock) => Step | undefined,
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const steps = blocks.flatMap((block) =>
    block.commands.flatMap((command) => {
      const step = stepOf(command, block);
      return step ? [{ ...step, block, shown: command }] : [];
    }),
  );
  if (steps.length === 0) return [`${blocks[0]?.page ?? "the page"} has no command to run here`];
  const ended = await runInTerminal(steps, env);
  const failed = steps.flatMap(({ block, shown }, at) => {
    const { status, output } = ended[at] ?? LOST;
    return status === 0 ? [] : [`${nameOf(block)}: "${shown}" ended with ${status}:\n${output}`];
  });
  const differing = blocks.flatMap((block) => {
    const ran = ended.filter((_, at) => steps[at]?.block === block);
    if (block.printed === undefined || ran.length === 0) return [];
    const output = ran.map((each) => each.output).join("");
    const isExcerpt = /\bnpx headgate\b|\bcurl -\w*i\b/.test(block.commands.join("\n"));
    const line = differingLine(output, block.printed, isExcerpt);
    return line === undefined ? [] : [`${nameOf(block)} differs at "${line}":\n${output}`];
  });
  return [...failed, ...differing];
}

/** The result of a command after one that ended the shell. */
const LOST: Ended = { status: -1, output: "the shell has ended" };

function nameOf({ page, line }: CommandBlock): string {
  return `${page}:${line}`;
}

/** Returns a command that sends to a server on another address, and that fails on a status of 400 or more. */
export function curlTo(url: string, command: string, { printed }: CommandBlock): string {
  const isShown = printed !== undefined || command.includes("%{http_code}");
  return command
    .replaceAll(/(?:http:\/\/)?(?:localhost|127\.0\.0\.1):(?:3000|8787)/g, url)
    .replace(/\bcurl /, isShown ? "curl " : "curl --fail-with-body ");
}

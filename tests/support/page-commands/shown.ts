import { type CommandBlock, commandBlocks } from "./blocks.ts";
import { complaintsOfBlocks, curlTo } from "./run-blocks.ts";
import { wayOf } from "./ways.ts";

/** An app that runs as a page describes it. */
export interface ShownApp {
  readonly url: string;
  readonly folder: string;
  /** The variables of the app's store. */
  readonly env: Readonly<Record<string, string>>;
  /** The address from which curl sends. */
  readonly address: string;
}

/** Returns the pages of which a test runs commands on a running app. */
export function pagesShownBy(test: string): readonly string[] {
  const blocks = commandBlocks().filter((block) =>
    block.commands.some((command) => isRunBy(test, block, command)),
  );
  return [...new Set(blocks.map(({ page }) => page))];
}

/**
 * Runs the commands that a test runs of a page, on the page's app.
 *
 * @returns a sentence for each command that failed, and for each block that printed something else
 */
export async function complaintsOfPage(
  test: string,
  page: string,
  { url, folder, env, address }: ShownApp,
): Promise<readonly string[]> {
  return complaintsOfBlocks(
    commandBlocks().filter((block) => block.page === page),
    (command, block) =>
      isRunBy(test, block, command) ? { command: curlTo(url, command, block), folder } : undefined,
    { ...env, CLIENT_ADDRESS: address },
  );
}

function isRunBy(test: string, { page }: CommandBlock, command: string): boolean {
  const way = wayOf(page, command);
  if (way?.by !== "another test" || way.test !== test) return false;
  return /\bcurl\b|^npx headgate /.test(command);
}

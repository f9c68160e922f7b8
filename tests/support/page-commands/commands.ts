import { commandBlocks } from "./blocks.ts";
import { type Way, wayOf } from "./ways.ts";

/** Every command of README.md and of docs, with the test that runs it. */
export const COMMANDS = commandBlocks().flatMap(({ page, line, commands }) =>
  commands.map((command) => ({ page, line, command, way: wayOf(page, command) })),
);

/** Returns the commands that are run in a way. */
export function commandsBy(by: Way["by"]) {
  return COMMANDS.filter(({ way }) => way?.by === by);
}

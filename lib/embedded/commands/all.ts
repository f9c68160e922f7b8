import type { Bytes } from "../bytes.ts";
import type { Commands, Specification } from "../command.ts";
import { hashes } from "./hashes.ts";
import { keyCommands } from "./keys.ts";
import { lists } from "./lists.ts";
import { pubSub } from "./pub-sub.ts";
import { scripting } from "./scripting.ts";
import { server } from "./server.ts";
import { sets } from "./sets.ts";
import { sortedSets } from "./sorted-sets.ts";
import { streams } from "./streams.ts";
import { strings } from "./strings.ts";

/** Every command by its name in lower case, by the kind of its data. */
export const KINDS = {
  strings,
  hashes,
  lists,
  sets,
  "sorted sets": sortedSets,
  streams,
  keys: keyCommands,
  scripts: scripting,
  "Pub/Sub": pubSub,
  server,
} satisfies Readonly<Record<string, Commands>>;

const COMMANDS: ReadonlyMap<string, Specification> = new Map(
  Object.values(KINDS).flatMap((commands) => Object.entries<Specification>(commands)),
);

/** A command that was found. */
export interface Found {
  /** The name in errors of Redis, such as "get" or "script|load". */
  readonly name: string;
  readonly command: Specification;
  /** True when the command has subcommands and the first argument names none. */
  readonly isIncomplete: boolean;
}

/**
 * Returns the command of a name, or the subcommand that its first argument names; undefined when the name is
 * unknown.
 */
export function findCommand(given: string, [first]: readonly Bytes[]): Found | undefined {
  const name = given.toLowerCase();
  const command = COMMANDS.get(name);
  if (!command?.subcommands) return command && { name, command, isIncomplete: false };
  const word = first?.toLowerCase() ?? "";
  const known = Object.hasOwn(command.subcommands, word) ? command.subcommands[word] : undefined;
  return known
    ? { name: `${name}|${word}`, command: known, isIncomplete: false }
    : { name, command, isIncomplete: true };
}

import type { Bytes } from "../bytes.ts";
import { CommandError } from "../errors.ts";

const FLAGS = new Set([
  "no-writes",
  "allow-oom",
  "allow-stale",
  "no-cluster",
  "allow-cross-slot-keys",
]);

/** A script's text for Lua, and the flags of its first line. */
export interface Headed {
  /** The text, in which an empty line replaces a first line that is not Lua. */
  readonly text: Bytes;
  readonly isReadOnly: boolean;
}

/**
 * Reads the optional first line of a script, such as `#!lua flags=no-writes`.
 *
 * @throws {CommandError} as Redis words it
 */
export function readShebang(text: Bytes): Headed {
  if (!text.startsWith("#!")) return { text, isReadOnly: false };
  const end = text.indexOf("\n");
  if (end === -1) throw new CommandError("ERR Invalid script shebang");
  const [engine, ...options] = text.slice(0, end).split(" ").filter(Boolean);
  if (engine !== "#!lua") {
    throw new CommandError(`ERR Unexpected engine in script shebang: ${engine}`);
  }
  const flags = options.flatMap(readFlags);
  return { text: text.slice(end), isReadOnly: flags.includes("no-writes") };
}

function readFlags(option: string): string[] {
  if (!option.startsWith("flags=")) {
    throw new CommandError(`ERR Unknown lua shebang option: ${option}`);
  }
  const flags = option.slice("flags=".length).split(",").filter(Boolean);
  for (const flag of flags) {
    if (!FLAGS.has(flag)) throw new CommandError(`ERR Unexpected flag in script shebang: ${flag}`);
  }
  return flags;
}

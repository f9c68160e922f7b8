import type { Bytes } from "./bytes.ts";
import type { Keyspace } from "./keyspace.ts";
import type { Result } from "./result.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What a command needs to run. */
export interface Context {
  readonly keys: Keyspace;
  readonly scripts: Scripting;
  readonly subscriptions: Subscriptions;
  /** The time of the command: milliseconds since 1970, with microseconds as its fraction. */
  readonly time: number;
  /** How much memory the keys may use, in bytes. */
  readonly maxBytes: number;
}

/** The scripts that the store keeps, by the SHA-1 of their texts. It also runs them. */
export interface Scripting {
  /** Keeps a script and returns its SHA-1. Throws a CommandError when the script does not compile. */
  load(text: Bytes): Bytes;
  has(sha: Bytes): boolean;
  flush(): void;
  /** Runs a script. Throws a CommandError (NOSCRIPT) when it is not kept. */
  run(sha: Bytes, call: ScriptCall): Result;
}

/** The keys and arguments of a script's run. */
export interface ScriptCall {
  readonly keys: readonly Bytes[];
  readonly args: readonly Bytes[];
  readonly isReadOnly: boolean;
}

/** What a command does to memory. A command that "grows" is rejected when memory is full. */
export type Effect = "reads" | "writes" | "grows";

/** One command of the table. */
export interface Specification {
  /**
   * The number of arguments as Redis counts them, with the name. A negative number means at least that many.
   */
  readonly arity: number;
  readonly effect: Effect;
  /** The subcommands, by their names in lower case. `run` handles all other names. */
  readonly subcommands?: Commands;
  /** True when a script may call it. @default true */
  readonly inScripts?: boolean;
  /** Runs the command. Throws a CommandError where Redis answers with an error. */
  readonly run: (args: readonly Bytes[], context: Context) => Result;
}

/** Commands of one kind, by their names in lower case. */
export type Commands = Readonly<Record<string, Specification>>;

type Run = Specification["run"];

export const reads = (arity: number, run: Run): Specification => ({ arity, effect: "reads", run });
export const writes = (arity: number, run: Run): Specification => ({
  arity,
  effect: "writes",
  run,
});
export const grows = (arity: number, run: Run): Specification => ({ arity, effect: "grows", run });

/** Returns true when a command accepts `count` arguments, without its name. */
export function takes({ arity }: Specification, count: number): boolean {
  return arity < 0 ? count + 1 >= -arity : count + 1 === arity;
}

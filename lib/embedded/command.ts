import type { Bytes } from "./bytes.ts";
import type { Keyspace } from "./keyspace.ts";
import type { Result } from "./result.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What a command is run with. */
export interface Context {
  readonly keys: Keyspace;
  readonly scripts: Scripting;
  readonly subscriptions: Subscriptions;
  /** The time of the command: milliseconds since 1970, with microseconds as its fraction. */
  readonly time: number;
  /** How much memory the keys may take. */
  readonly maxBytes: number;
}

/** The scripts that the store knows, by the SHA-1 of their texts, and what runs them. */
export interface Scripting {
  /** Keeps a script and answers its SHA-1. Throws a CommandError where it does not compile. */
  load(text: Bytes): Bytes;
  has(sha: Bytes): boolean;
  flush(): void;
  /** Runs a script that is kept; throws a CommandError where none is (NOSCRIPT). */
  run(sha: Bytes, call: ScriptCall): Result;
}

/** What a script is run with. */
export interface ScriptCall {
  readonly keys: readonly Bytes[];
  readonly args: readonly Bytes[];
  readonly isReadOnly: boolean;
}

/** What a command does to memory: "grows" is refused when memory is full. */
export type Effect = "reads" | "writes" | "grows";

/** One command of the table. */
export interface Specification {
  /** As Redis counts, the name included: exactly so many, or at least so many when negative. */
  readonly arity: number;
  readonly effect: Effect;
  /** By their names in lower case; the command's own `run` is for a name that is none of them. */
  readonly subcommands?: Commands;
  /** Whether a script may call it. @default true */
  readonly inScripts?: boolean;
  /** Throws a CommandError for what Redis answers with an error. */
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

/** Whether a command takes so many arguments, its name not counted. */
export function takes({ arity }: Specification, count: number): boolean {
  return arity < 0 ? count + 1 >= -arity : count + 1 === arity;
}

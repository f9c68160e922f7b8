import { isStoreFailure, type StoreError } from "./errors.ts";
import type { StoreErrorCode } from "./replies.ts";

/** What the end of a call says of the store. */
export type Outcome =
  /** A script ran: the store does what Headgate needs. */
  | { readonly kind: "works" }
  /** Redis answered, and neither ran a script nor refused one: the connection works. */
  | { readonly kind: "answers" }
  | {
      readonly kind: "fails";
      readonly error: StoreError;
      /** Whether Redis answered and refused a script: it may well serve other commands. */
      readonly refusesScripts: boolean;
    };

/** Headgate's limits, claims and locks are sent as these commands and no other. */
const SCRIPTS: ReadonlySet<string> = new Set(["EVAL", "EVALSHA"]);

/** Codes of replies that concern some commands: another command may still be served. */
const CONCERNS_SOME: ReadonlySet<StoreErrorCode> = new Set([
  "STORE_OUT_OF_MEMORY",
  "STORE_READ_ONLY",
  "STORE_NOT_PERMITTED",
]);

/** Returns true when a command runs a script. */
export function isScript(command: string): boolean {
  return SCRIPTS.has(command);
}

/**
 * Returns what a call that Redis answered says of the store. A script that ran outweighs one that was
 * refused, and any answer outweighs a command other than a script that was refused, because a store
 * that answers some calls is worth asking.
 *
 * @param commands the names of the commands
 * @param errors of each command, undefined where it has a result
 */
export function outcomeOf(
  commands: readonly string[],
  errors: readonly (StoreError | undefined)[],
): Outcome {
  const scripts = errors.filter((_, i) => isScript(commands[i] ?? ""));
  if (scripts.includes(undefined)) return { kind: "works" };
  const refused = scripts.find(isStoreFailure);
  if (refused) return { kind: "fails", error: refused, refusesScripts: true };
  const failed = errors.filter(isStoreFailure).filter(({ code }) => !CONCERNS_SOME.has(code));
  const [error] = failed;
  if (!error || failed.length < errors.length) return { kind: "answers" };
  return { kind: "fails", error, refusesScripts: false };
}

/** Returns what a call that threw says of the store. */
export function outcomeOfThrown(commands: readonly string[], error: unknown): Outcome {
  if (!isStoreFailure(error)) return { kind: "answers" };
  if (error.reply === undefined) return { kind: "fails", error, refusesScripts: false };
  return outcomeOf(
    commands,
    commands.map(() => error),
  );
}

import { usageError } from "../program.ts";

/** What a control command does. */
export type Action = "set" | "list" | "remove";

const WORDS = {
  action: { type: "positional", required: false },
  word: { type: "positional", required: false },
} as const;

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean" } as const;

/** The options of every command that changes the control document. */
export const CHANGE_ARGS = {
  ...WORDS,
  for: TEXT,
  reason: TEXT,
  by: TEXT,
  policy: TEXT,
  yes: FLAG,
  json: FLAG,
} as const;

/** The options that name one client. */
export const WHOM_ARGS = { ip: TEXT, user: TEXT, identity: TEXT, key: TEXT } as const;

/** The options as they were given. The table of each command says which options it has. */
export interface ControlArgs {
  readonly action?: string | undefined;
  readonly word?: string | undefined;
  readonly ip?: string | undefined;
  readonly user?: string | undefined;
  readonly identity?: string | undefined;
  readonly key?: string | undefined;
  readonly rule?: string | undefined;
  readonly limit?: string | undefined;
  readonly to?: string | undefined;
  readonly for?: string | undefined;
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
  readonly policy?: string | undefined;
  readonly wide?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** The options that an action does not have. */
const NOT_OF: Readonly<Record<Action, readonly (keyof ControlArgs)[]>> = {
  set: [],
  remove: ["for", "to", "wide"],
  list: [
    ...(["ip", "user", "identity", "key", "rule", "limit"] as const),
    ...(["for", "to", "wide", "reason", "by", "yes"] as const),
  ],
};

/** The action of a command and its argument: an id to remove, or a mode to set. */
export interface Doing {
  readonly action: Action;
  readonly word: string | undefined;
}

/**
 * Reads the action of a command. Without an action it is "set".
 *
 * @param takes the argument of `set`, which may be given without the word `set`
 * @throws {HeadgateError} CLI_USAGE
 */
export function readDoing(args: ControlArgs, takes: "a mode" | "none", help: string): Doing {
  const { action: first, word: second } = args;
  const isNamed = first === "set" || first === "list" || first === "remove";
  const action = isNamed ? first : "set";
  const [word, extra] = isNamed ? [second, undefined] : [first, second];
  const mayHaveWord = action === "remove" || (action === "set" && takes === "a mode");
  const unexpected = extra ?? (mayHaveWord ? undefined : word);
  if (unexpected !== undefined) {
    const hint = takes === "none" ? " Name a client by --ip, --user, --identity or --key." : "";
    throw usageError(`Unexpected argument "${unexpected}".${hint}`, help);
  }
  const wrong = NOT_OF[action].find((name) => args[name] !== undefined);
  if (wrong !== undefined) throw usageError(`--${wrong} is not an option of ${action}.`, help);
  return { action, word };
}

import type { Bytes } from "../bytes.ts";
import { type Commands, reads, type Specification } from "../command.ts";
import { CommandError } from "../errors.ts";
import { readInteger } from "../numbers.ts";
import { OK } from "../result.ts";

const subcommands: Commands = {
  load: outside(3, ([, text = ""], { scripts }) => scripts.load(text)),
  exists: outside(-3, ([, ...names], { scripts }) =>
    names.map((sha) => (scripts.has(sha.toLowerCase()) ? 1 : 0)),
  ),
  flush: outside(-2, ([, option = "SYNC", ...rest], { scripts }) => {
    if (rest.length > 0 || !/^A?SYNC$/i.test(option)) {
      throw new CommandError("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
    }
    scripts.flush();
    return OK;
  }),
};

export const scripting: Commands = {
  eval: outside(-3, ([text = "", ...rest], { scripts }) =>
    scripts.run(scripts.load(text), readCall(rest, false)),
  ),
  eval_ro: outside(-3, ([text = "", ...rest], { scripts }) =>
    scripts.run(scripts.load(text), readCall(rest, true)),
  ),
  evalsha: outside(-3, ([sha = "", ...rest], { scripts }) =>
    scripts.run(sha.toLowerCase(), readCall(rest, false)),
  ),
  evalsha_ro: outside(-3, ([sha = "", ...rest], { scripts }) =>
    scripts.run(sha.toLowerCase(), readCall(rest, true)),
  ),
  script: {
    ...outside(-2, ([subcommand = ""]) => {
      throw new CommandError(`ERR unknown subcommand '${subcommand}'. Try SCRIPT HELP.`);
    }),
    subcommands,
  },
};

/** Specifies a command that a script must not call. */
function outside(arity: number, run: Specification["run"]): Specification {
  return { ...reads(arity, run), inScripts: false };
}

function readCall([count = "", ...rest]: readonly Bytes[], isReadOnly: boolean) {
  const keys = readInteger(count);
  if (keys > rest.length) {
    throw new CommandError("ERR Number of keys can't be greater than number of args");
  }
  if (keys < 0) throw new CommandError("ERR Number of keys can't be negative");
  return { keys: rest.slice(0, keys), args: rest.slice(keys), isReadOnly };
}

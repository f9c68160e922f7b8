import { defineProgram, type Program } from "../program.ts";
import { CHANGE_ARGS, readDoing, WHOM_ARGS } from "./args.ts";
import { readOneClient } from "./command-options.ts";
import { listEntries, removeEntry, setEntry } from "./run.ts";

/** Makes the command that blocks clients, or allows them without counting them. */
export function listingProgram(kind: "allow" | "block", help: string): Program {
  return defineProgram({
    name: `headgate ${kind}`,
    help,
    args: { ...CHANGE_ARGS, ...WHOM_ARGS, wide: { type: "boolean" } },
    async run(args, rawArgs) {
      const called = { args, help };
      const { action, word } = readDoing(args, "none", help);
      if (action === "list") return listEntries(kind, called);
      if (word !== undefined) return removeEntry(kind, word, called);
      const requested = { kind, client: readOneClient(rawArgs, help) };
      return action === "set" ? setEntry(requested, called) : removeEntry(kind, requested, called);
    },
  });
}

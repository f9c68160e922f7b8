import { createControl } from "#lib/control";
import type { ControlArgs } from "../control/args.ts";
import { listEntries, removeEntry } from "../control/run.ts";
import { renderChanges } from "../control/words.ts";
import { withGate } from "../inspect/client-options.ts";
import { defineProgram, usageError } from "../program.ts";

const HELP = `Shows what is set while the app runs: blocks, allowed clients, other limits and modes.

  npx headgate control list                        every entry in force, with its id and the time left
  npx headgate control log                         who changed what and when, latest first
  npx headgate control log --last 200              up to 200 changes instead of 50
  npx headgate control remove mode:search          removes an entry by its id, after a question
  npx headgate control list --json                 the same for programs

headgate block, allow, override and mode set entries. remove accepts --reason and --by, and --yes does not ask.
--policy names another policy.
`;

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean" } as const;

export default defineProgram({
  name: "headgate control",
  help: HELP,
  args: {
    action: { type: "positional", required: false },
    word: { type: "positional", required: false },
    last: TEXT,
    reason: TEXT,
    by: TEXT,
    policy: TEXT,
    yes: FLAG,
    json: FLAG,
  },
  async run({ last, ...args }) {
    const { action, word } = args;
    if (action === "remove") {
      refuseOptions({ last });
      if (word === undefined) throw usageError("The id of an entry is missing.", HELP);
      return removeEntry(undefined, word, { args, help: HELP });
    }
    if (word !== undefined) throw usageError(`Unexpected word "${word}".`, HELP);
    const { reason, by, yes } = args;
    if (action === "log") {
      refuseOptions({ reason, by, yes });
      return printLog(args, last);
    }
    if (action !== "list") throw usageError("The action must be list, log or remove.", HELP);
    refuseOptions({ last, reason, by, yes });
    return listEntries(undefined, { args, help: HELP });
  },
});

async function printLog({ policy, json }: ControlArgs, last: string | undefined): Promise<void> {
  const count = last === undefined ? undefined : Number(last);
  const changes = await withGate(policy, HELP, (gate) => createControl(gate).log(count));
  console.log(json ? JSON.stringify(changes, null, 2) : renderChanges(changes));
}

function refuseOptions(given: Readonly<Record<string, unknown>>): void {
  const [name] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined) throw usageError(`--${name} is not an option of this action.`, HELP);
}

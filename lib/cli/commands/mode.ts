import { readMode } from "#lib/control/ruled";
import { CHANGE_ARGS, readDoing } from "../control/args.ts";
import { asUsage } from "../control/command-options.ts";
import { listEntries, removeEntry, setEntry } from "../control/run.ts";
import { defineProgram, usageError } from "../program.ts";

const HELP = `Sets the mode of one rule or of all rules while the app runs: enforce, shadow or off.

  npx headgate mode shadow --for 30m --reason "customers are denied"         nothing is denied or blocked
  npx headgate mode off --rule search --for 2h --reason "the limit is wrong" one rule
  npx headgate mode enforce --for 1d --reason "an attack"                    whatever HEADGATE_MODE says
  npx headgate mode list                                                     the modes that are set, with ids
  npx headgate mode remove                                                   the mode of all rules; --rule search for one rule

In shadow everything is counted and reported, and no request is denied; off counts nothing. The command shows
the effect, and asks. --yes does not ask. --for is 1 second to 30 days. --by is the author, by default the
user of this machine. --json prints the entry, and --policy names another policy.

The mode takes effect on each instance whose gate follows what is set (live of headgate/live), from its
second request that is made two seconds later. Without a terminal and without --yes the status is 2.
`;

export default defineProgram({
  name: "headgate mode",
  help: HELP,
  args: { ...CHANGE_ARGS, rule: { type: "string" } },
  async run(args) {
    const called = { args, help: HELP };
    const { action, word } = readDoing(args, "a mode", HELP);
    const { rule } = args;
    if (action === "list") return listEntries("mode", called);
    if (action === "remove") {
      return removeEntry("mode", word ?? { kind: "mode", rule, mode: undefined }, called);
    }
    if (word === undefined) throw usageError("The mode is missing: enforce, shadow or off.", HELP);
    const mode = asUsage(HELP, () => readMode(word));
    return setEntry({ kind: "mode", rule, mode }, called);
  },
});

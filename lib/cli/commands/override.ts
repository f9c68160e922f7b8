import { CHANGE_ARGS, readDoing, WHOM_ARGS } from "../control/args.ts";
import { readUnits, readWhom } from "../control/asked.ts";
import { listEntries, removeEntry, setEntry } from "../control/run.ts";
import { defineProgram, usageError } from "../program.ts";

const HELP = `Sets another limit than the policy's while the app runs, for one client or for every client.

  npx headgate override --rule search --to 2x --user ada --for 7d --reason "a trial of the larger plan"
  npx headgate override --rule search --to 100 --for 1h --reason "a sale"      units, for every client
  npx headgate override --rule search --to unlimited --ip 198.51.100.7 --for 2h --reason "load test"
  npx headgate override --rule login --limit login:ip:minute --to 0.5x --for 1h --reason ...
  npx headgate override list                                                   what is set, with ids
  npx headgate override remove --rule search --user ada                        or the id: override remove override:search@5Zb0...

A client is one address (--ip), --user, --identity tenant=acme, or --key with the client key of a line of
the log. Where a rule has several limits, units need --limit, the name of one in RateLimit headers. It shows
which limits become what, and asks. --yes does not ask. --for takes 1 second to 30 days. --by says who sets
it; without it, it is the user of this machine. --json prints the entry, --policy names another policy.

It holds on each instance whose gate follows what is set (live of headgate/live), from its second request
made two seconds later. Of several, the one nearest to the client holds. An entry about one client needs
HEADGATE_SECRET. Where there is no terminal and no --yes it ends with 2.
`;

const TEXT = { type: "string" } as const;

export default defineProgram({
  name: "headgate override",
  help: HELP,
  args: { ...CHANGE_ARGS, ...WHOM_ARGS, rule: TEXT, limit: TEXT, to: TEXT },
  async run(args, rawArgs) {
    const called = { args, help: HELP };
    const { action, word } = readDoing(args, "none", HELP);
    if (action === "list") return listEntries("override", called);
    if (word !== undefined) return removeEntry("override", word, called);
    const { rule, limit, to } = args;
    if (rule === undefined) throw usageError("--rule is missing: it names the rule.", HELP);
    const asked = { kind: "override", rule, limit, whom: readWhom(rawArgs, HELP) } as const;
    if (action === "remove") return removeEntry("override", { ...asked, to: undefined }, called);
    if (to === undefined)
      throw usageError("--to is missing: it says what the limit becomes.", HELP);
    return setEntry({ ...asked, to: readUnits(to, HELP) }, called);
  },
});

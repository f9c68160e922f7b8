import { CHANGE_ARGS, readDoing, WHOM_ARGS } from "../control/args.ts";
import { readUnits, readClient } from "../control/command-options.ts";
import { listEntries, removeEntry, setEntry } from "../control/run.ts";
import { defineProgram, usageError } from "../program.ts";

const HELP = `Replaces a limit of the policy while the app runs, for one client or for every client.

  npx headgate override --rule search --to 2x --user ada --for 7d --reason "a trial of the larger plan"
  npx headgate override --rule search --to 100 --for 1h --reason "a sale"      units, for every client
  npx headgate override --rule search --to unlimited --ip 198.51.100.7 --for 2h --reason "load test"
  npx headgate override --rule login --limit login:ip:minute --to 0.5x --for 1h --reason ...
  npx headgate override list                                                   the overrides that are set, with ids
  npx headgate override remove --rule search --user ada                        or the id: override remove override:search@5Zb0...

A client is one address (--ip), --user, --identity tenant=acme, or --key with the client key of a line of
the log. When a rule has several limits, units need --limit with the name of one in RateLimit headers. The
command shows the new limits, and asks. --yes does not ask. --for is 1 second to 30 days. --by is the author,
by default the user of this machine. --json prints the entry, and --policy names another policy.

The override takes effect on each instance whose gate follows what is set (live of headgate/live), from its
second request that is made two seconds later. When several apply, the one closest to the client wins. An
entry for one client needs HEADGATE_SECRET. Without a terminal and without --yes the status is 2.
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
    if (rule === undefined) throw usageError("--rule is missing: it must name the rule.", HELP);
    const requested = { kind: "override", rule, limit, client: readClient(rawArgs, HELP) } as const;
    if (action === "remove")
      return removeEntry("override", { ...requested, to: undefined }, called);
    if (to === undefined) throw usageError("--to is missing: it must give the new limit.", HELP);
    return setEntry({ ...requested, to: readUnits(to, HELP) }, called);
  },
});

import { HeadgateError } from "#lib/core/errors";
import { inspectClient, resetClient } from "#lib/inspect";
import { agrees, isAnswered } from "../agreement.ts";
import { readAuthor, readReasonOf } from "../control/command-options.ts";
import { CLIENT_ARGS, readQuery, withGate } from "../inspect/client-options.ts";
import { DENIALS_END_WITHIN_MS, renderInspection, renderReset } from "../inspect/render.ts";
import { tierHints } from "../inspect/tier-hint.ts";
import { defineProgram } from "../program.ts";

const HELP = `Frees one client: deletes its counts in the store.

  npx headgate reset --ip 203.0.113.7                  shows the client's limits, and asks
  npx headgate reset --user ada --yes                  does not ask, for scripts
  npx headgate reset --key 5Zb0Qk1hV9sT2mXc7yLr4A      the client key of a line of the log
  npx headgate reset --ip 203.0.113.7 --rule search    one rule
  npx headgate reset --user ada --reason "ticket 4711" why, for the log of changes (headgate control log)
  npx headgate reset --user ada --yes --json           the same for programs

Clients are named as for headgate inspect. Limits that count all clients together do not change. --by is the
author, by default the user of this machine. The client is free on each instance whose gate follows what is
set (live of headgate/live), from its second request that is made two seconds later. Other instances remember
a denial for up to 30 seconds, and deny the client until then.

Without a terminal and without --yes the status is 2, and nothing is deleted.
`;

export default defineProgram({
  name: "headgate reset",
  help: HELP,
  args: {
    ...CLIENT_ARGS,
    reason: { type: "string" },
    by: { type: "string" },
    yes: { type: "boolean" },
  },
  async run({ yes, json, ...args }, rawArgs) {
    const query = {
      ...readQuery(args, rawArgs, HELP),
      ...readReasonOf(args, HELP),
      by: readAuthor(args, HELP),
    };
    const isAsked = yes !== true;
    if (isAsked && (json === true || !isAnswered())) throw notAsked();
    const reset = await withGate(args.policy, HELP, async (gate) => {
      if (isAsked) {
        const inspection = await inspectClient(gate, query);
        console.log(renderInspection(inspection, tierHints(gate, query)));
        if (!(await agrees("\nDelete the counts of this client in the store?"))) return undefined;
      }
      return resetClient(gate, query);
    });
    if (!reset) console.log("Nothing was deleted.");
    else if (json) {
      const result = { ...reset, denialsEndWithinMs: DENIALS_END_WITHIN_MS };
      console.log(JSON.stringify(result, null, 2));
    } else console.log(renderReset(reset));
  },
});

function notAsked(): HeadgateError {
  return new HeadgateError(
    "CLI_USAGE",
    "Nothing was deleted: there is no terminal in which to ask. Run headgate reset with --yes to delete without a question.",
  );
}

import { inspectClient } from "#lib/inspect";
import { CLIENT_ARGS, readQuery, withGate } from "../inspect/client-options.ts";
import { renderInspection } from "../inspect/render.ts";
import { tierHints } from "../inspect/tier-hint.ts";
import { defineProgram } from "../program.ts";

const HELP = `Shows every limit that counts one client, what is set for it, and what the gate would decide now.
The command consumes nothing.

  npx headgate inspect --ip 203.0.113.7
  npx headgate inspect --user ada                          any identity of the policy: --identity tenant=acme
  npx headgate inspect --user ada --identity plan=pro      the tier of a rule with tiers
  npx headgate inspect --user ada --ip 203.0.113.7         also limits that count both
  npx headgate inspect --key 5Zb0Qk1hV9sT2mXc7yLr4A        the client key of a line of the log
  npx headgate inspect --ip 203.0.113.7 --rule search      one rule
  npx headgate inspect --ip 203.0.113.7 --policy other.ts
  npx headgate inspect --ip 203.0.113.7 --json             the same for programs

The store and the secret are those of the environment and its files, or of the app that runs in
this folder. --identity may be repeated. A key that begins with "-" is written --key=-...
`;

export default defineProgram({
  name: "headgate inspect",
  help: HELP,
  args: CLIENT_ARGS,
  async run(args, rawArgs) {
    const query = readQuery(args, rawArgs, HELP);
    const text = await withGate(args.policy, HELP, async (gate) => {
      const inspection = await inspectClient(gate, query);
      if (args.json) return JSON.stringify(inspection, null, 2);
      return renderInspection(inspection, tierHints(gate, query));
    });
    console.log(text);
  },
});

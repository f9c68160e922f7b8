import { makeReport } from "../info/report.ts";
import { renderReport } from "../info/render.ts";
import { POLICY, findPolicyFile } from "../policy-file.ts";
import { defineProgram } from "../program.ts";

const HELP = `Prints what a report of a bug needs to know of the app in this folder, as Markdown.

  npx headgate info             with ${POLICY}, or src/${POLICY}
  npx headgate info other.ts    with another policy file
  npx headgate info --store     also sends the store one PING
  npx headgate info --json      the same for programs

It prints versions, the app's layout, where it runs, which store and which of Headgate's variables are
set, the policy in short, and what a start would warn of. It prints no token, no password and no address
but the store's host; a value only where the variable holds no secret and the value is one word or a number.

It reads .env files as Next does in development, and with NODE_ENV=production as in production. What is
missing or broken is a line of the report: it ends with 0, and with 2 where it cannot be run as it was called.
`;

export default defineProgram({
  name: "headgate info",
  help: HELP,
  args: {
    policy: { type: "positional", required: false },
    store: { type: "boolean" },
    json: { type: "boolean" },
  },
  async run({ policy, store, json }) {
    const root = process.cwd();
    const report = await makeReport({
      root,
      env: process.env,
      policy: policy === undefined ? undefined : findPolicyFile(root, policy),
      isStoreAsked: store === true,
    });
    console.log(json ? JSON.stringify(report, null, 2) : renderReport(report).trimEnd());
  },
});

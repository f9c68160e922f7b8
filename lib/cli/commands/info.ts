import { makeReport } from "../info/report.ts";
import { renderReport } from "../info/render.ts";
import { POLICY, findPolicyFile } from "../policy-file.ts";
import { defineProgram } from "../program.ts";

const HELP = `Prints what a bug report needs to know about the app in this folder, as Markdown.

  npx headgate info             with ${POLICY}, or src/${POLICY}
  npx headgate info other.ts    with another policy file
  npx headgate info --store     also sends the store one PING
  npx headgate info --json      the same for programs

The report has versions, the app's layout and platform, the store, the variables of Headgate that are set, a
summary of the policy, and the warnings of a start. It has no token, no password and no address except the
store's host. It has the value of a variable only if the variable holds no secret and the value is one word
or a number.

The command reads .env files as Next does in development, or in production with NODE_ENV=production. The
report says what is missing or broken. The exit status is 0, or 2 when the arguments are wrong.
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
      pingsStore: store === true,
    });
    console.log(json ? JSON.stringify(report, null, 2) : renderReport(report).trimEnd());
  },
});

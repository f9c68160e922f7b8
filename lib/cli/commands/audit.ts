import { resolve } from "node:path";
import { auditProject } from "#lib/audit/audit";
import { auditAsData, renderAudit } from "#lib/audit/render";
import { checkPolicyFile, importPolicy } from "../check.ts";
import { POLICY, findPolicyFile } from "../policy-file.ts";
import { defineProgram } from "../program.ts";
import { checkCommand } from "./check.ts";

const HELP = `Compares the routes of the last build with the policy.

  npx headgate audit               audits the build in .next with ${POLICY}
  npx headgate audit other.ts      the same with another policy file
  npx headgate audit --dir shop    audits the build in shop/.next with shop/${POLICY}
  npx headgate audit --json        the same for programs

The command lists every route and rewrite of a build (npm run build) with the rules that cover it. The exit
status is 1 when a route handler has no rule and is not exempt, when the middleware's matcher leaves a route
out, or when a rewrite bypasses a rule. docs/guides/audit.md explains the findings.

The exit status is 2 when the arguments are wrong or there is no build.
`;

export default defineProgram({
  name: "headgate audit",
  help: HELP,
  args: {
    policy: { type: "positional", required: false },
    dir: { type: "string" },
    json: { type: "boolean" },
  },
  // The status 1 means that the audit has findings.
  failed: 2,
  async run({ policy, dir, json }) {
    const project = resolve(dir ?? ".");
    const file = findPolicyFile(project, policy);
    // An invalid policy covers nothing, so its problems are reported first.
    if (!(await checkPolicyFile(file)).ok) return checkCommand(file, json === true);
    const result = await auditProject(project, await importPolicy(file));
    console.log(json ? JSON.stringify(auditAsData(result), null, 2) : renderAudit(result));
    return result.failures.length === 0 ? 0 : 1;
  },
});

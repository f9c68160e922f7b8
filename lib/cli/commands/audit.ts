import { resolve } from "node:path";
import { auditProject } from "#lib/audit/audit";
import { auditAsData, renderAudit } from "#lib/audit/render";
import { checkPolicyFile, importPolicy } from "../check.ts";
import { POLICY, findPolicyFile } from "../policy-file.ts";
import { defineProgram } from "../program.ts";
import { checkCommand } from "./check.ts";

const HELP = `Compares the routes of the last build with the policy.

  npx headgate audit               the build in .next, with ${POLICY}
  npx headgate audit other.ts      the same with another policy file
  npx headgate audit --dir shop    the build in shop/.next, with shop/${POLICY}
  npx headgate audit --json        the same for programs

It lists every route and rewrite of a build (npm run build) with the rules that cover it, and ends with
1 where a route handler has none and is not exempt, where the middleware's matcher leaves one out, or
where a rewrite leads around a rule. docs/audit.md explains what it finds.

It ends with 2 where it cannot be run as it was called, or where there is no build.
`;

export default defineProgram({
  name: "headgate audit",
  help: HELP,
  args: {
    policy: { type: "positional", required: false },
    dir: { type: "string" },
    json: { type: "boolean" },
  },
  // 1 is the status of an audit with findings.
  failed: 2,
  async run({ policy, dir, json }) {
    const project = resolve(dir ?? ".");
    const file = findPolicyFile(project, policy);
    // A policy that cannot be used covers nothing: what is wrong with it comes first.
    if (!(await checkPolicyFile(file)).ok) return checkCommand(file, json === true);
    const result = await auditProject(project, await importPolicy(file));
    console.log(json ? JSON.stringify(auditAsData(result), null, 2) : renderAudit(result));
    return result.failures.length === 0 ? 0 : 1;
  },
});

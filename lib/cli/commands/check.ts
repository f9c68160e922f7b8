import { compilePolicy } from "#lib/policy/check/compile";
import { adviceFor } from "../advice.ts";
import { checkPolicyFile, importPolicy, renderCheck, renderLists } from "../check.ts";
import { readEnvironment } from "../info/environment.ts";
import { listAdvice } from "../list-advice.ts";
import { POLICY, findPolicyFile } from "../policy-file.ts";
import { PREFETCH_UNSEEN, seesPrefetches } from "#lib/audit/prefetch-seen";
import { defineProgram } from "../program.ts";

const HELP = `Checks a policy file.

  npx headgate check             checks ${POLICY}
  npx headgate check other.ts    checks another policy file
  npx headgate check --json      the same for programs

For each problem the command prints its place in the file, the given value and the allowed values. The exit
status is 1 when there is a problem. The same check runs before every build and every start. Advice does not
change the status: it is about rules that are valid but may not do what their author means, and about
clients of allow and block that other clients can forge.

The exit status is 2 when the arguments are wrong. headgate/docs/reference/policy-errors.md explains each problem.
`;

export default defineProgram({
  name: "headgate check",
  help: HELP,
  args: {
    policy: { type: "positional", required: false },
    json: { type: "boolean" },
  },
  // The status 1 means that the policy has problems.
  failed: 2,
  run: ({ policy, json }) => checkCommand(findPolicyFile(process.cwd(), policy), json === true),
});

/** Checks a file and prints the result. Resolves to the exit status. */
export async function checkCommand(file: string, json: boolean): Promise<number> {
  const result = await checkPolicyFile(file);
  const more = result.ok ? await beyond(file) : { failures: [], advice: [] };
  const ok = result.ok && more.failures.length === 0;
  if (json) {
    console.log(JSON.stringify({ ...result, ok, ...more }, null, 2));
  } else {
    const print = result.ok ? console.log : console.error;
    print(renderCheck(result));
    const lists = renderLists(result);
    if (lists) console.log(`\n${lists}`);
    for (const failure of more.failures) console.error(`\n${failure}`);
    for (const line of more.advice) console.log(`\nadvice   ${line}`);
  }
  return ok ? 0 : 1;
}

/** Returns what a valid policy means in this project. */
async function beyond(file: string) {
  const project = process.cwd();
  const policy = await importPolicy(file);
  const compiled = compilePolicy(policy);
  const isUnseen = compiled.tellsPrefetches && !(await seesPrefetches(project));
  const { env } = readEnvironment(project, { ...process.env, NODE_ENV: "production" });
  return {
    failures: isUnseen ? [`PREFETCH_UNSEEN: ${PREFETCH_UNSEEN}`] : [],
    advice: [...adviceFor(policy, project), ...listAdvice(policy, compiled, env)],
  };
}

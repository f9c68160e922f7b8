import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { App } from "./app.ts";
import { COMMANDS, namesVersion } from "./package-manager.ts";
import type { Plan } from "./plan.ts";

const WORKFLOWS = join(".github", "workflows");

/** The policy files that the commands find without an argument. */
const FOUND = /^(?:src\/)?config\/rate-limits\.m?[jt]s$/;

/** Returns the arguments after `headgate check` that name a policy. */
export function policyArgument(policy: string): string {
  return FOUND.test(policy) ? "" : ` ${policy}`;
}

/** Returns the commands of CI: the check, which needs no build, the build, and the audit, which reads it. */
export function ciCommands({ packageManager, scripts }: App, policy: string): readonly string[] {
  const { exec, run } = COMMANDS[packageManager];
  const build = scripts["build"] === undefined ? `${exec} next build` : `${run} build`;
  const name = policyArgument(policy);
  return [`${exec} headgate check${name}`, build, `${exec} headgate audit${name}`];
}

/**
 * Plans a workflow of GitHub Actions if the repository has workflows. Returns true when a workflow runs the
 * commands, and false when a person must add them to another CI.
 */
export function planCi(app: App, policy: string, plan: Plan): boolean {
  const root = app.gitRoot ?? app.folder;
  const workflows = join(root, WORKFLOWS);
  if (!existsSync(workflows)) return false;
  const isAsked = readdirSync(workflows)
    .filter((file) => /\.ya?ml$/.test(file))
    .some((file) => /headgate\s+check/.test(readFileSync(join(workflows, file), "utf8")));
  if (isAsked) return true;
  const above = relative(app.folder, root).split(sep).join("/");
  const folder = relative(root, app.folder).split(sep).join("/");
  const path = `${above === "" ? "" : `${above}/`}.github/workflows/${fileName(workflows)}`;
  plan.set(path, workflow(app, folder, policy), "checks the policy, and audits each build");
  return true;
}

function fileName(workflows: string): string {
  return existsSync(join(workflows, "headgate.yml")) ? "headgate-policy.yml" : "headgate.yml";
}

function workflow(app: App, folder: string, policy: string): string {
  const { packageManager } = app;
  // The action uses the version in package.json, and needs one here when package.json has no version.
  const version = namesVersion(app.folder, app.gitRoot) ? [] : ["  with:", "    version: 10"];
  const setUp: readonly string[] = [
    "- uses: actions/checkout@v4",
    ...(packageManager === "pnpm" ? ["- uses: pnpm/action-setup@v4", ...version] : []),
    ...(packageManager === "bun" ? ["- uses: oven-sh/setup-bun@v2"] : []),
    "- uses: actions/setup-node@v4",
    "  with:",
    "    node-version: 24",
    ...(packageManager === "yarn" ? ["- run: corepack enable"] : []),
    `- run: ${COMMANDS[packageManager].install}`,
  ];
  const steps = [...setUp, ...ciCommands(app, policy).map((command) => `- run: ${command}`)];
  return [
    "# The policy of the rate limits is valid, and no route of the build is without a rule.",
    "name: headgate",
    "",
    "on:",
    "  pull_request:",
    "  push:",
    "    branches: [main, master]",
    "",
    "permissions:",
    "  contents: read",
    "",
    "jobs:",
    "  rate-limits:",
    "    runs-on: ubuntu-latest",
    ...(folder === ""
      ? []
      : ["    defaults:", "      run:", `        working-directory: ${folder}`]),
    "    steps:",
    ...steps.map((line) => `      ${line}`),
    "",
  ].join("\n");
}

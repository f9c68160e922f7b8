import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { checkPolicyFile, renderCheck } from "./check.ts";

/** The default path of a project's policy. */
export const POLICY = "config/rate-limits.ts";

/** The names of policy files, in the project's folder and in its src. */
const NAMES = [POLICY, ...["mts", "js", "mjs"].map((ending) => `config/rate-limits.${ending}`)];
const PLACES = [...NAMES, ...NAMES.map((name) => `src/${name}`)];

/**
 * Returns the complete path of a policy file that a command was given, or of the project's own policy.
 *
 * @throws {HeadgateError} CLI_USAGE when there is no such file
 * @example
 * findPolicyFile("/app", undefined); // "/app/config/rate-limits.ts"
 */
export function findPolicyFile(project: string, given: string | undefined): string {
  const file = given ? resolve(given) : ownPolicy(project);
  if (file !== undefined && isFile(file)) return file;
  const missing = file ?? join(project, POLICY);
  const hint = given
    ? ""
    : " If the policy is elsewhere, name its file with --policy if the command has that option, else after the command.";
  throw new HeadgateError("CLI_USAGE", `There is no file ${missing}.${hint}`);
}

/**
 * Checks a policy before it is built or served, and returns its summary in one line.
 *
 * @throws {HeadgateError} POLICY_INVALID, with each problem and its place in the file
 * @example
 * console.log(await checkPolicy(findPolicyFile(root, undefined)));
 */
export async function checkPolicy(file: string): Promise<string> {
  const policy = await checkPolicyFile(file);
  if (policy.ok) return renderCheck(policy);
  throw new HeadgateError("POLICY_INVALID", renderCheck(policy));
}

/**
 * Does the same for a project that may have its policy elsewhere. A file that is named must exist. The
 * default file is checked if it exists.
 *
 * @throws {HeadgateError} CLI_USAGE or POLICY_INVALID
 */
export async function projectPolicy(project: string, given: string | undefined): Promise<string> {
  if (given !== undefined || ownPolicy(project) !== undefined) {
    return checkPolicy(findPolicyFile(project, given));
  }
  return `not checked: there is no file ${POLICY}, and none was named`;
}

/**
 * Returns the complete path of a project's policy; undefined without a file in the usual places.
 *
 * @example
 * ownPolicy("/app"); // "/app/src/config/rate-limits.ts"
 */
export function ownPolicy(project: string): string | undefined {
  return PLACES.map((place) => join(project, place)).find(isFile);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

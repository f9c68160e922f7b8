import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { checkPolicyFile, renderCheck } from "./check.ts";

/** Where a project's policy is unless a command is told otherwise. */
export const POLICY = "config/rate-limits.ts";

/** The names by which a policy is found, in the project's folder and in its src. */
const NAMES = [POLICY, ...["mts", "js", "mjs"].map((ending) => `config/rate-limits.${ending}`)];
const PLACES = [...NAMES, ...NAMES.map((name) => `src/${name}`)];

/**
 * Returns the whole path of a policy file that a command was given, or of the project's own.
 *
 * @throws {HeadgateError} CLI_USAGE where there is no such file
 * @example
 * findPolicyFile("/app", undefined); // "/app/config/rate-limits.ts"
 */
export function findPolicyFile(project: string, given: string | undefined): string {
  const file = given ? resolve(given) : ownPolicy(project);
  if (file !== undefined && isFile(file)) return file;
  const missing = file ?? join(project, POLICY);
  const hint = given
    ? ""
    : " If the policy is elsewhere, name its file: by --policy where a command has that, else after the command.";
  throw new HeadgateError("CLI_USAGE", `There is no file ${missing}.${hint}`);
}

/**
 * Checks a policy before it is built or served, and returns what it holds in one line.
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
 * The same of a project that may keep its policy elsewhere: a file that was named must be there, and one
 * that was not is checked where it is there.
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
 * Returns the whole path of a project's policy; undefined where it has none in the usual places.
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

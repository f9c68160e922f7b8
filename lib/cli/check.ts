import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { everyLimit } from "#lib/policy/select";
import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import { loadDefault } from "#lib/source/load";
import { PolicyError, type PolicyProblem, writePlace } from "#lib/policy/errors";
import { locate, type Position, syntaxError } from "./locate.ts";

/** A problem and where in the file it is. */
export type LocatedProblem = PolicyProblem & { readonly position: Position | undefined };

/** A client of `allow` or `block`, as the policy writes it. */
export interface ListedClient {
  readonly client: string;
  readonly reason: string;
}

/** The result of checking a policy file. */
export type CheckResult =
  | {
      readonly ok: true;
      readonly file: string;
      readonly rules: number;
      readonly limits: number;
      readonly exempt: number;
      readonly allow: readonly ListedClient[];
      readonly block: readonly ListedClient[];
    }
  | {
      readonly ok: false;
      readonly file: string;
      readonly problems: readonly LocatedProblem[];
      /** Why the file could not be read as a policy, with the place if it is known; undefined when it could. */
      readonly unreadable?: string;
    };

/** Loads a policy file and compiles it as the app would. It never throws. */
export async function checkPolicyFile(file: string): Promise<CheckResult> {
  let policy: AnyPolicy;
  try {
    policy = await importPolicy(file);
  } catch (error) {
    return unreadable(file, error);
  }
  try {
    const { rules, exempt, listings } = compilePolicy(policy);
    const limits = [...rules.values()].flatMap(everyLimit).length;
    const listed = (which: "allow" | "block") =>
      listings
        .filter(({ list }) => list === which)
        .map(({ text, reason }) => ({ client: text, reason }));
    const lists = { allow: listed("allow"), block: listed("block") };
    return { ok: true, file, rules: rules.size, limits, exempt: exempt.length, ...lists };
  } catch (error) {
    if (!(error instanceof PolicyError)) return unreadable(file, error);
    const source = readFileSync(file, "utf8");
    const problems = error.problems.map((problem) => ({
      ...problem,
      position: locate(file, source, problem.place),
    }));
    return { ok: false, file, problems };
  }
}

/**
 * Loads the policy that a file exports by default.
 *
 * @throws an error of the file, or an error that says why it cannot be loaded
 * @example
 * const policy = await importPolicy("/app/config/rate-limits.ts");
 */
export async function importPolicy(file: string): Promise<AnyPolicy> {
  const policy = await loadDefault(file);
  if (policy !== undefined) return policy as AnyPolicy;
  throw new Error("the file has no default export; write: export default definePolicy({ ... })");
}

function unreadable(file: string, error: unknown): CheckResult {
  const why = error instanceof Error ? error.message : String(error);
  // Node reports what is wrong with a file's syntax, but not where.
  const wrong = existsSync(file) ? syntaxError(file, readFileSync(file, "utf8")) : undefined;
  const where = wrong && ` (line ${wrong.position.line}, column ${wrong.position.column})`;
  return { ok: false, file, problems: [], unreadable: wrong ? wrong.message + where : why };
}

/** Returns the result as text: one line when the policy is valid, else a paragraph for each problem. */
export function renderCheck(result: CheckResult): string {
  const file = relative(process.cwd(), result.file) || result.file;
  if (result.ok) {
    const { rules, limits, exempt, allow, block } = result;
    return [
      `${file}: ${count(rules, "rule")}`,
      count(limits, "limit"),
      count(exempt, "exempt path"),
      ...(allow.length > 0 ? [count(allow.length, "allowed client")] : []),
      ...(block.length > 0 ? [count(block.length, "blocked client")] : []),
    ].join(", ");
  }
  if (result.unreadable !== undefined)
    return `${file} cannot be read as a policy: ${result.unreadable}`;
  return result.problems.map((problem) => renderProblem(file, problem)).join("\n\n");
}

/** The most entries of one list that are printed; --json has all. */
const MOST_LISTED = 20;

/**
 * Returns a line for each client that a policy allows or blocks, with its reason. Returns an empty text when
 * it lists no client.
 */
export function renderLists(result: CheckResult): string {
  if (!result.ok) return "";
  return (["allow", "block"] as const)
    .flatMap((list) => {
      const more = result[list].length - MOST_LISTED;
      return [
        ...result[list]
          .slice(0, MOST_LISTED)
          .map(({ client, reason }) => `${list}    ${client}: ${reason}`),
        ...(more > 0 ? [`${list}    and ${more} more (--json has all)`] : []),
      ];
    })
    .join("\n");
}

function renderProblem(file: string, problem: LocatedProblem): string {
  const { position, code, place, rule, given, allowed, docs } = problem;
  const at = position ? `${file}:${position.line}:${position.column}` : file;
  return [
    `${at}  ${code}`,
    ...(rule === undefined ? [] : [`  rule     ${rule}`]),
    `  place    ${writePlace(place)}`,
    `  given    ${given}`,
    `  allowed  ${allowed}`,
    `  more     ${docs}`,
  ].join("\n");
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { HeadgateError } from "#lib/core/errors";
import { auditProject } from "#lib/audit/audit";
import { auditAsData, renderAudit } from "#lib/audit/render";
import { compilePolicy } from "#lib/policy/check/compile";
import { adviceFor } from "./advice.ts";
import { checkPolicyFile, importPolicy, renderCheck } from "./check.ts";
import { PREFETCH_UNSEEN, seesPrefetches } from "#lib/audit/prefetch-seen";

const HELP = `Headgate's command line.

  npm run headgate -- check               checks config/rate-limits.ts
  npm run headgate -- check other.ts      checks another policy file
  npm run headgate -- audit               compares the last build's routes with the policy
  npm run headgate -- audit other.ts      the same with another policy file
  npm run headgate -- audit --dir shop    the build in shop/.next, with shop/config/rate-limits.ts
  npm run headgate -- check --json        either for programs
  npm run headgate -- --help              this text

check says for each problem its place in the file, what was given and what is allowed, and ends
with 1 where there is any. It runs before every build and every start. Its advice is about rules that
work and may not do what was meant; it fails nothing.

audit lists every route and rewrite of a build (npm run build) with the rules that cover it, and
ends with 1 where a route handler has none and is not exempt, where the middleware's matcher leaves
one out, or where a rewrite leads around a rule. docs/audit.md explains what it finds.

Both end with 2 where they cannot be run as they were called.
`;

const POLICY = "config/rate-limits.ts";

interface Flags {
  readonly json: boolean;
  /** The project that is audited; undefined is the one at hand. */
  readonly dir: string | undefined;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof HeadgateError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 2;
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = read(args);
  if (values.help === true || positionals.length === 0) {
    console.log(HELP);
    return values.help === true ? 0 : 2;
  }
  const [command, file, ...more] = positionals;
  const flags: Flags = { json: values.json === true, dir: values.dir };
  if (command === "check" && more.length === 0 && flags.dir === undefined) {
    return check(resolve(file ?? POLICY), flags);
  }
  if (command === "audit" && more.length === 0) return audit(file, flags);
  throw new HeadgateError("CLI_USAGE", `"${args.join(" ")}" is not a command.\n\n${HELP}`);
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        json: { type: "boolean" },
        dir: { type: "string" },
      },
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "";
    throw new HeadgateError("CLI_USAGE", `${why}\n\n${HELP}`, { cause });
  }
}

async function check(file: string, { json }: Flags): Promise<number> {
  mustExist(file);
  const result = await checkPolicyFile(file);
  const more = result.ok ? await beyond(file) : { failures: [], advice: [] };
  const ok = result.ok && more.failures.length === 0;
  if (json) {
    console.log(JSON.stringify({ ...result, ok, ...more }, null, 2));
  } else {
    const print = result.ok ? console.log : console.error;
    print(renderCheck(result));
    for (const failure of more.failures) console.error(`\n${failure}`);
    for (const line of more.advice) console.log(`\nadvice   ${line}`);
  }
  return ok ? 0 : 1;
}

/** What a policy that can be used comes to in the project at hand. */
async function beyond(file: string) {
  const project = process.cwd();
  const policy = await importPolicy(file);
  const isUnseen = compilePolicy(policy).tellsPrefetches && !(await seesPrefetches(project));
  return {
    failures: isUnseen ? [`PREFETCH_UNSEEN: ${PREFETCH_UNSEEN}`] : [],
    advice: adviceFor(policy, project),
  };
}

async function audit(file: string | undefined, flags: Flags): Promise<number> {
  const project = resolve(flags.dir ?? ".");
  const policy = file === undefined ? join(project, POLICY) : resolve(file);
  mustExist(policy);
  // A policy that cannot be used covers nothing: what is wrong with it comes first.
  if (!(await checkPolicyFile(policy)).ok) return check(policy, flags);
  const result = await auditProject(project, policy);
  console.log(flags.json ? JSON.stringify(auditAsData(result), null, 2) : renderAudit(result));
  return result.failures.length === 0 ? 0 : 1;
}

function mustExist(file: string): void {
  if (!existsSync(file)) throw new HeadgateError("CLI_USAGE", `There is no file ${file}.`);
}

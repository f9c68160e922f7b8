import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { HeadgateError } from "#lib/core/errors";
import { checkPolicyFile, renderCheck } from "./check.ts";

const HELP = `Headgate's command line.

  npm run headgate -- check               checks config/rate-limits.ts
  npm run headgate -- check other.ts      checks another policy file
  npm run headgate -- check --json        the same, for programs
  npm run headgate -- --help              this text

check says for each problem its place in the file, what was given and what is allowed, and ends
with 1 where there is any. It runs before every build and every start.
`;

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
  const [command, file = "config/rate-limits.ts", ...more] = positionals;
  if (command !== "check" || more.length > 0) {
    throw new HeadgateError("CLI_USAGE", `"${positionals.join(" ")}" is not a command.\n\n${HELP}`);
  }
  return check(resolve(file), values.json === true);
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h" }, json: { type: "boolean" } },
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "";
    throw new HeadgateError("CLI_USAGE", `${why}\n\n${HELP}`, { cause });
  }
}

async function check(file: string, json: boolean): Promise<number> {
  if (!existsSync(file)) throw new HeadgateError("CLI_USAGE", `There is no file ${file}.`);
  const result = await checkPolicyFile(file);
  if (json) console.log(JSON.stringify(result, null, 2));
  else if (result.ok) console.log(renderCheck(result));
  else console.error(renderCheck(result));
  return result.ok ? 0 : 1;
}

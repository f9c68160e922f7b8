// `npm run check:advisories`: compares package-lock.json with a list of advisories.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { advisoriesOf, lockedPackages } from "./advisories.ts";

const HELP = `Compares every package of package-lock.json with a list of known advisories.

  npm run check:advisories
  npm run check:advisories -- --list https://osv.example    another list that speaks OSV's API

It exits with 0 when there is no advisory, with 1 when there is one, and with 2 when the list does not
answer, so that nothing was checked.
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", short: "h" },
    list: { type: "string", default: "https://api.osv.dev" },
    lockfile: {
      type: "string",
      default: join(import.meta.dirname, "..", "..", "package-lock.json"),
    },
  },
});

if (values.help) console.log(HELP);
else process.exitCode = await check(values.lockfile, values.list);

async function check(lockfile: string, list: string): Promise<number> {
  const packages = lockedPackages(lockfile);
  try {
    const affected = await advisoriesOf(packages, list);
    for (const { name, version, isShipped, advisories } of affected) {
      const where = isShipped ? "shipped" : "development only";
      console.log(`${name} ${version} (${where}): ${advisories.join(", ")}`);
    }
    console.log(`${packages.length} packages, ${affected.length} with an advisory.`);
    return affected.length === 0 ? 0 : 1;
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : new Error(String(error));
    const why = cause instanceof Error ? cause.message : message;
    console.error(`Nothing was checked: ${list} did not answer as an advisory list. ${why}`);
    return 2;
  }
}

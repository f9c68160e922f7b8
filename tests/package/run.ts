// npm run test:package: packs the package, and tests it in new apps.
import { parseArgs } from "node:util";
import { markdownTable } from "../support/markdown-table.ts";
import type { Case } from "./case.ts";
import { CASES } from "./cases.ts";
import { openWorld, type World } from "./world.ts";

const HELP = `Packs lib as the npm package headgate, installs it into apps that are made for it, and uses it there.

  npm run test:package
  npm run test:package -- --only next16-src    one case, or several: --only publint --only attw
  npm run test:package -- --list               the cases
  npm run test:package -- --package file.tgz   a package that was packed before

It needs the npm registry, and a redis-server on the PATH. It exits with 0 when every case passed, and otherwise with 1.
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", short: "h" },
    list: { type: "boolean" },
    package: { type: "string" },
    only: { type: "string", multiple: true, default: [] },
  },
});

if (values.help) console.log(HELP);
else if (values.list) console.log(CASES.map(({ name, what }) => `${name}  ${what}`).join("\n"));
else process.exitCode = await runCases(values.only);

async function runCases(only: readonly string[]): Promise<number> {
  const unknown = only.find((name) => !CASES.some((it) => it.name === name));
  if (unknown !== undefined) {
    console.error(`There is no case "${unknown}": --list prints the cases.`);
    return 1;
  }
  const chosen = CASES.filter(({ name }) => only.length === 0 || only.includes(name));
  console.log("building and packing");
  const world = await openWorld(values.package);
  const rows: string[][] = [];
  let failed = 0;
  try {
    for (const it of chosen) {
      const { row, isFailed } = await runCase(it, world);
      rows.push(row);
      if (isFailed) failed += 1;
    }
  } finally {
    await world.end();
  }
  console.log(`\n${markdownTable(["case", "what", "seconds", "result"], ...rows)}`);
  console.log(failed === 0 ? "\nevery case passed" : `\n${failed} FAILED`);
  return failed === 0 ? 0 : 1;
}

async function runCase(it: Case, world: World) {
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(0);
  const say = (line: string) =>
    console.log(`${it.name.padEnd(18)} ${seconds().padStart(4)} s  ${line}`);
  say("begins");
  try {
    const seen = await it.run(world, say);
    say(seen);
    return { row: [it.name, it.what, seconds(), seen], isFailed: false };
  } catch (error) {
    say(`FAILED\n${error instanceof Error ? error.message : String(error)}`);
    return { row: [it.name, it.what, seconds(), "FAILED"], isFailed: true };
  }
}

// `npm run faults`: runs every way in which a store fails under load, and prints the effect on
// requests.
import { parseArgs } from "node:util";
import { printTable } from "../bench/numbers.ts";
import { installPrograms } from "../support/install.ts";
import { CASES } from "./cases.ts";
import { misses, runCase, type Verdict } from "./judge.ts";

const HELP = `Lets a store fail in every way under load, and prints the effect on requests.

  npm run faults                      all cases, about four minutes
  npm run faults -- --only connection those whose name or group has this text
  npm run faults -- --list            the cases

Ends with 1 where a case did what it may not (docs/evidence/faults.md).
`;

const LASTS_MS = 4000;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    list: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});

const cases = CASES.filter(({ name, group }) => `${group} ${name}`.includes(values.only));

if (values.help) console.log(HELP);
else if (values.list)
  printTable(
    ["group", "case"],
    cases.map(({ group, name }) => [group, name]),
  );
else await run();

async function run(): Promise<void> {
  await installPrograms();
  const verdicts: Verdict[] = [];
  for (const [at, fault] of cases.entries()) {
    console.error(`${at + 1} of ${cases.length}: ${fault.name} ...`);
    verdicts.push(await runCase(fault, fault.lastsMs ?? LASTS_MS));
  }
  const ms = (value: number) => (Number.isNaN(value) ? "–" : value.toFixed(1));
  printTable(
    [
      "case",
      "requests",
      "without the store",
      "5xx",
      "p99, ms",
      "p50 when open, ms",
      "over bound",
      "counted twice",
      "held twice",
      "recovery, ms",
    ],
    verdicts.map((it) => [
      it.name,
      it.requests,
      it.degraded,
      it.wrong.length,
      ms(it.p99),
      ms(it.p50Open),
      it.overBound,
      it.countedTwice,
      it.heldTwice,
      Math.round(it.recovery),
    ]),
  );
  const bad = verdicts.flatMap((it) => misses(it).map((words) => `${it.name}: ${words}`));
  console.log(bad.length === 0 ? "\nno miss" : `\n${bad.join("\n")}`);
  if (bad.length > 0 || verdicts.length === 0) process.exitCode = 1;
}

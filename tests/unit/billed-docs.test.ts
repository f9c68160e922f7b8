import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PACKED_UP_TO } from "#lib/limit/algorithms/packed-log";
import type { Algorithm } from "#lib/policy/types";
import { billTable, GROUPS } from "../bench/billed/groups.ts";
import { CHECK } from "../bench/billed/limit-cases.ts";
import { tableOf } from "../bench/numbers.ts";
import { readBilled, sumOf } from "../support/billed.ts";
import { ROOT } from "../support/app.ts";

const read = (...path: string[]) => readFileSync(join(ROOT, ...path), "utf8");

/** Returns the billed commands in the list of cases, which tests/contract/billed.test.ts checks against Redis. */
const billedOf = (what: string) => {
  const found = GROUPS.flatMap(({ cases }) => cases).find((each) => each.what === what);
  if (!found) throw new Error(`There is no case ${what}.`);
  return sumOf(found.commands);
};

const CHECKS = {
  window: sumOf(CHECK["sliding-window"]),
  log: sumOf(CHECK["sliding-log"]),
  large: billedOf(`\`sliding-log\` of more than ${PACKED_UP_TO}`),
  oldLarge: billedOf(`\`sliding-log\` of more than ${PACKED_UP_TO}, one that removes old entries`),
};

test("a check is billed the same by each algorithm and for each cost", () => {
  expect(new Set(Object.values(CHECK).map(sumOf))).toEqual(new Set([CHECKS.window]));
  expect(billedOf("`sliding-log`, a cost of 20")).toBe(CHECKS.window);
});

describe("docs/evidence/billed-commands.md", () => {
  const page = read("docs", "evidence", "billed-commands.md");

  test.each(GROUPS)("billed-commands.md has the measured table of $title", (group) => {
    const { title, head, rows } = billTable(group, group.cases);
    expect(page).toContain(`\n\n${title}\n\n${tableOf(head, rows)}\n`);
  });

  test("billed-commands.md has no other table of billed commands", () => {
    expect(page.match(/\| REST calls \| commands billed \| which \|/g)).toHaveLength(GROUPS.length);
  });

  test("billed-commands.md has the billed commands of a million checks", () => {
    for (const said of [
      `**${CHECKS.log} million** by each algorithm, whatever a request costs`,
      `of more than ${PACKED_UP_TO} is a sorted set: ${CHECKS.large} million, ${CHECKS.oldLarge} million for clients that keep coming`,
      `${billedOf("`slidingWindow`, a later one")} million by \`slidingWindow\``,
      `${billedOf("`fixedWindow`, a later one")} million by \`fixedWindow\``,
      `${billedOf("`tokenBucket`")} million by \`tokenBucket\``,
    ]) {
      expect(page).toContain(said);
    }
  });

  test.each([
    ["Headgate, one rule", CHECKS.window],
    [
      "Headgate, three rules",
      CHECKS.window + 2 * (billedOf("two limits by `sliding-window`") - CHECKS.window),
    ],
    ["Headgate, one optimistic rule", billedOf("optimistic, reported after the response")],
    ["Headgate, refused", 0],
    ["Headgate, one rule, each call alone", CHECKS.window],
    ["@upstash/ratelimit example", billedOf("`slidingWindow`, a later one")],
  ])(
    "gate.md has for the middleware %s %d commands a request, alone and among sixteen",
    (what, billed) => {
      const [, table = ""] = read("docs", "evidence", "gate.md").split(
        "| middleware | REST calls | commands billed |",
      );
      const line = table.split("\n").find((each) => each.startsWith(`| ${what} |`));
      const row = line?.split("|").map((cell) => cell.trim());
      expect([row?.[3], row?.[6]]).toEqual([billed.toFixed(2), billed.toFixed(2)]);
    },
  );
});

test("docs/concepts/algorithms.md has the commands of a check by each algorithm", () => {
  const lines = read("docs", "concepts", "algorithms.md")
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const algorithms = lines.find(([, first, second]) => first === "" && second === "`sliding-log`");
  const row = lines.find(([, first]) => first === "commands that Upstash bills for a check");
  const said = algorithms
    ?.slice(2, 6)
    .map((name, i) => [name.replaceAll("`", ""), Number.parseInt(row?.[i + 2] ?? "", 10)]);
  const names: readonly Algorithm[] = [
    "sliding-log",
    "sliding-window",
    "fixed-window",
    "token-bucket",
  ];
  expect(said).toEqual(names.map((name) => [name, sumOf(CHECK[name])]));
});

test.each<readonly [page: string, said: string]>([
  ["docs/reference/figures.md", `${CHECKS.log} commands by each algorithm`],
  [
    "docs/reference/figures.md",
    `of more than ${PACKED_UP_TO} is a sorted set: ${CHECKS.large} commands, or ${CHECKS.oldLarge} when`,
  ],
  ["docs/guides/deploy-vercel.md", `${CHECKS.log} commands by each algorithm`],
  ["docs/guides/deploy-cloudflare.md", `${CHECKS.log} commands by each algorithm`],
  ...[
    `\`acquireLock\` and \`releaseLock\` | ${billedOf("`acquireLock` and `releaseLock`")} |`,
    `\`tryAcquire\` and \`release\` | ${billedOf("`tryAcquire` and `release`, with a fencing token")} |`,
    `@upstash/lock's \`acquire\` and \`release\` | ${billedOf("@upstash/lock: `acquire` and `release`")} |`,
  ].map((said) => ["docs/concepts/locks-and-fencing.md", said] as const),
  ...[
    `\`shouldTrackEvent\` | ${billedOf("`shouldTrackEvent`, the first time")} | ${billedOf("`shouldTrackEvent`, a duplicate")} |`,
    `\`count\` with one counter | ${billedOf("`count` with one counter, the first time")} | ${billedOf("`count` with one counter, a duplicate")} |`,
    `\`once\` and \`idempotent\` | ${billedOf("`once`, the first time")} | ${billedOf("`once`, a duplicate")} |`,
    `a renewal of a claim | ${billedOf("a renewal of a claim (one each third of the lease)")} |`,
  ].map((said) => ["docs/concepts/dedup-and-claims.md", said] as const),
  [
    "README.md",
    `${CHECKS.window} and ${CHECKS.window}; ${CHECKS.log} for the exact one | ${billedOf("`slidingWindow`, a later one")} and ${billedOf("`fixedWindow`, a later one")}`,
  ],
])("%s says: %s", (page, said) => {
  expect(read(page)).toContain(said);
});

test("billed commands are read from INFO commandstats, without those that Upstash does not bill", () => {
  const info = [
    "# Commandstats",
    "cmdstat_evalsha:calls=3,usec=40,usec_per_call=13.33,rejected_calls=0,failed_calls=1",
    "cmdstat_script|load:calls=2,usec=5,usec_per_call=2.50,rejected_calls=0,failed_calls=0",
    "cmdstat_config|get:calls=9,usec=1,usec_per_call=1.00,rejected_calls=0,failed_calls=0",
    "cmdstat_client|setinfo:calls=9,usec=1,usec_per_call=1.00,rejected_calls=0,failed_calls=0",
    "cmdstat_ping:calls=9,usec=1,usec_per_call=1.00,rejected_calls=0,failed_calls=0",
    "",
  ].join("\r\n");
  expect(readBilled(info)).toEqual({ EVALSHA: 3, "SCRIPT LOAD": 2 });
});

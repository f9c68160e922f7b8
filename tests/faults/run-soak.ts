// `npm run soak`: runs at full length what takes too long for the tests.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { printTable } from "../bench/numbers.ts";
import { startStore } from "../support/gateway.ts";
import { installPrograms } from "../support/install.ts";
import { claimAtOnce, CLAIMS_A_KEY, handleAtRandom, killWorkers } from "./dedup-soak.ts";
import { takeTurns } from "./lock-soak.ts";
import { FETCHES_AN_HOUR, INSTANCES, SEARCHES_A_MINUTE, soak, type Soaked } from "./soak.ts";

const HELP = `Kills and stops the app, its workers and its lock holders at random, and checks their promises.

  npm run soak                    all parts, about twenty minutes
  npm run soak -- --only app      the app by two instances over one Redis that is killed and stopped
                                  at random: ten minutes, 60 requests a second
                --seconds 120     another length (at least 90, for the memory to be compared)
                --rate 100        another rate
  npm run soak -- --only dedup    20,000 claims on 2,000 keys, 2,000 events whose handlers fail, hang
                                  and die, and 200 kills of workers that total events
  npm run soak -- --only locks    10,000 critical sections by 20 workers in 4 processes, which are
                                  stopped beyond their leases, and killed

Ends with 1 where something was not as docs/concepts/store-failure.md, docs/concepts/dedup-and-claims.md and
docs/concepts/locks-and-fencing.md say.
`;

/** How much larger a process may be at the end than after its first minute. */
const MOST_GROWTH = 1.2;

const KEYS = 2000;
const EVENTS = 2000;
const KILLS = 200;
const SECTIONS = 10_000;

interface Check {
  readonly what: string;
  readonly seen: string;
  readonly most: string;
  readonly isMet: boolean;
}

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seconds: { type: "string", default: "600" },
    rate: { type: "string", default: "60" },
    help: { type: "boolean", short: "h" },
  },
});

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  dedup: soakDedup,
  locks: soakLocks,
  app: () => soakApp(Number(values.seconds), Number(values.rate)),
};

if (values.help) console.log(HELP);
else if (values.only !== undefined && !PARTS[values.only])
  refuse("--only must be app, dedup or locks.");
else {
  await installPrograms();
  for (const [name, run] of Object.entries(PARTS)) {
    if (values.only === undefined || values.only === name) await run();
  }
}

function refuse(why: string): void {
  console.error(why);
  process.exitCode = 2;
}

async function soakDedup(): Promise<void> {
  const store = await startStore();
  try {
    console.error(`${KEYS * CLAIMS_A_KEY} claims on ${KEYS} keys ...`);
    const firsts = await claimAtOnce(store, KEYS);
    console.error(`${EVENTS} events whose handlers fail, hang and die ...`);
    const { wrong, ...fates } = await handleAtRandom(store, EVENTS);
    console.error(`${KILLS} kills of workers that total events ...`);
    const { kills, taken, totalled } = await killWorkers(store, KILLS);
    console.log(
      `Dedup at commit ${commit()}: handlers ${JSON.stringify(fates)}; workers killed ${kills} times\n`,
    );
    report([
      exactly(`firsts of ${KEYS * CLAIMS_A_KEY} claims, ten at once of each key`, firsts, KEYS),
      exactly(`events of ${EVENTS} that were not counted once`, wrong, 0),
      exactly("events in the totals", totalled, taken),
    ]);
  } finally {
    await store.stop();
  }
}

async function soakLocks(): Promise<void> {
  const store = await startStore();
  try {
    console.error(`${SECTIONS} critical sections ...`);
    const options = { sections: SECTIONS, processes: 4, workers: 5 };
    const { entered, stops, kills, overwritten, overwrittenPlain } = await takeTurns(
      store,
      options,
    );
    console.log(
      `Locks at commit ${commit()}: ${entered} critical sections, processes stopped ${stops} times and killed ${kills} times; late writes without a guard: ${overwrittenPlain}\n`,
    );
    report([exactly("late writes with a fence", overwritten, 0)]);
  } finally {
    await store.stop();
  }
}

async function soakApp(seconds: number, rate: number): Promise<void> {
  if (!(seconds >= 90 && seconds <= 7200 && rate >= 1 && rate <= 1000)) {
    refuse("--seconds must be from 90 to 7200, and --rate from 1 to 1000.");
    return;
  }
  const soaked = await soak({ seconds, rate, say: (line) => console.error(line) });
  console.log(
    `${seconds} s at commit ${commit()}: ${soaked.requests} requests, Redis killed ${soaked.kills} times and stopped ${soaked.stops} times\n`,
  );
  report(checksOf(soaked));
  printTable(
    ["answer", "times"],
    Object.entries(soaked.answers).toSorted(([a], [b]) => a.localeCompare(b)),
  );
  if (soaked.broken.length > 0) console.log(`\n${soaked.broken.slice(0, 10).join("\n")}`);
}

function commit(): string {
  const { stdout } = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" });
  return stdout.trim();
}

function report(checks: readonly Check[]): void {
  printTable(
    ["what", "seen", "allowed", ""],
    checks.map(({ what, seen, most, isMet }) => [what, seen, most, isMet ? "met" : "missed"]),
  );
  console.log("");
  if (checks.some(({ isMet }) => !isMet)) process.exitCode = 1;
}

function exactly(what: string, seen: number, wanted: number): Check {
  return { what, seen: String(seen), most: `exactly ${wanted}`, isMet: seen === wanted };
}

function checksOf(soaked: Soaked): Check[] {
  const bound = FETCHES_AN_HOUR * (1 + INSTANCES);
  const atMost = (what: string, seen: number, most: number) => ({
    what,
    seen: String(seen),
    most: `at most ${most}`,
    isMet: seen <= most,
  });
  return [
    atMost("answers of 500 or more that no rule causes", soaked.wrong, 0),
    atMost(
      "searches of one client in a minute, admitted by the store",
      soaked.admitted,
      SEARCHES_A_MINUTE,
    ),
    atMost('fetches of one client in all, of a rule with "local"', soaked.admittedLocally, bound),
    atMost("instances that ended, or unhandled errors", soaked.broken.length, 0),
    ...soaked.memory.map(({ early, late }, i) => ({
      what: `memory of instance ${i + 1} at the end, to that after a minute`,
      seen: `${(late / early).toFixed(2)} (${Math.round(late / 2 ** 20)} MB)`,
      most: `at most ${MOST_GROWTH}`,
      isMet: late / early <= MOST_GROWTH,
    })),
  ];
}

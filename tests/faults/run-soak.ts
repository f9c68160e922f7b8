// `npm run soak`: two instances over one Redis that is killed and stopped at random, for ten minutes.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { printTable } from "../bench/numbers.ts";
import { FETCHES_AN_HOUR, INSTANCES, SEARCHES_A_MINUTE, soak, type Soaked } from "./soak.ts";

const HELP = `Serves the app by two instances over one Redis that is killed and stopped at random.

  npm run soak                    ten minutes, 60 requests a second
  npm run soak -- --seconds 120   another length (at least 90, for the memory to be compared)
  npm run soak -- --rate 100      another rate

Ends with 1 where something was not as docs/failure-modes.md says.
`;

/** How much larger a process may be at the end than after its first minute. */
const MOST_GROWTH = 1.2;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "600" },
    rate: { type: "string", default: "60" },
    help: { type: "boolean", short: "h" },
  },
});

if (values.help) console.log(HELP);
else await run(Number(values.seconds), Number(values.rate));

async function run(seconds: number, rate: number): Promise<void> {
  if (!(seconds >= 90 && seconds <= 7200 && rate >= 1 && rate <= 1000)) {
    console.error("--seconds: allowed is 90 to 7200; --rate: 1 to 1000.");
    process.exitCode = 1;
    return;
  }
  const soaked = await soak({ seconds, rate, say: (line) => console.error(line) });
  const checks = checksOf(soaked);
  const { stdout } = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" });
  console.log(
    `${seconds} s at commit ${stdout.trim()}: ${soaked.requests} requests, Redis killed ${soaked.kills} times and stopped ${soaked.stops} times\n`,
  );
  printTable(
    ["what", "seen", "allowed", ""],
    checks.map(({ what, seen, most, isMet }) => [what, seen, most, isMet ? "met" : "missed"]),
  );
  console.log("");
  printTable(
    ["answer", "times"],
    Object.entries(soaked.answers).toSorted(([a], [b]) => a.localeCompare(b)),
  );
  if (soaked.broken.length > 0) console.log(`\n${soaked.broken.slice(0, 10).join("\n")}`);
  if (checks.some(({ isMet }) => !isMet)) process.exitCode = 1;
}

function checksOf(soaked: Soaked) {
  const bound = FETCHES_AN_HOUR * (1 + INSTANCES);
  const atMost = (what: string, seen: number, most: number) => ({
    what,
    seen: String(seen),
    most: `at most ${most}`,
    isMet: seen <= most,
  });
  return [
    atMost("answers of 500 or more that nobody asked for", soaked.wrong, 0),
    atMost(
      "searches of one client in a minute, admitted by the store",
      soaked.admitted,
      SEARCHES_A_MINUTE,
    ),
    atMost('fetches of one client in all, of a rule with "local"', soaked.admittedLocally, bound),
    atMost("instances that ended, or errors that nobody handled", soaked.broken.length, 0),
    ...soaked.memory.map(({ early, late }, i) => ({
      what: `memory of instance ${i + 1} at the end, to that after a minute`,
      seen: `${(late / early).toFixed(2)} (${Math.round(late / 2 ** 20)} MB)`,
      most: `at most ${MOST_GROWTH}`,
      isMet: late / early <= MOST_GROWTH,
    })),
  ];
}

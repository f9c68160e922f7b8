import { type Algorithm, ALGORITHM_NAMES } from "#lib/limit/algorithms/all";
import { PACKED_UP_TO } from "#lib/limit/algorithms/packed-log";
import type { Billed } from "../../support/billed.ts";
import { referenceOf } from "../../support/references.ts";
import { changedCheckOf, checkOf } from "./gate.ts";
import type { BilledCase, World } from "./world.ts";

/** The commands of a check of one counter, which reads the clock and the counter, and writes the counter. */
export const COUNTER: Billed = referenceOf("sliding-window").billed;
export const COUNTER_READ: Billed = { EVALSHA: 1, TIME: 1, GET: 1 };

/** The commands of a check of a log. */
export const LOG: Billed = referenceOf("sliding-log").billed;
/** The commands of a check of a log in a sorted set whose entries all count. */
const LARGE_LOG: Billed = referenceOf("sliding-log").billedLarge ?? {};

export const LOG_LIMIT = { ip: "50 per day" } as const;
export const WINDOW_LIMIT = { ip: "5000 per day" } as const;
const FULL = { ip: "1 per day" } as const;

/** The commands of a check of one limit by each algorithm, after the client's first request. */
export const CHECK = Object.fromEntries(
  ALGORITHM_NAMES.map((name) => [name, referenceOf(name).billed]),
) as Readonly<Record<Algorithm, Billed>>;

/** The cases of checks by the gate. */
export const CHECK_CASES: readonly BilledCase[] = [
  checkOf(
    { what: "`sliding-window`", calls: 1, commands: CHECK["sliding-window"] },
    { limits: WINDOW_LIMIT },
    { after: 1 },
  ),
  checkOf(
    { what: "`fixed-window`", calls: 1, commands: CHECK["fixed-window"] },
    { limits: WINDOW_LIMIT, algorithm: "fixed-window" },
    { after: 1 },
  ),
  checkOf(
    { what: "`token-bucket`", calls: 1, commands: CHECK["token-bucket"] },
    { limits: WINDOW_LIMIT, algorithm: "token-bucket" },
    { after: 1 },
  ),
  checkOf({ what: "`sliding-log`", calls: 1, commands: LOG }, { limits: LOG_LIMIT }, { after: 1 }),
  checkOf(
    { what: "`sliding-log`, a cost of 20", calls: 1, commands: LOG },
    { limits: LOG_LIMIT, cost: 20 },
    { after: 1 },
  ),
  checkOf(
    { what: `\`sliding-log\` of more than ${PACKED_UP_TO}`, calls: 1, commands: LARGE_LOG },
    { limits: WINDOW_LIMIT, algorithm: "sliding-log" },
    { after: 1 },
  ),
  checkOf(
    {
      what: `\`sliding-log\` of more than ${PACKED_UP_TO}, one that removes old entries`,
      calls: 1,
      commands: { ...LARGE_LOG, ZCOUNT: 2, ZREMRANGEBYSCORE: 1 },
    },
    { limits: WINDOW_LIMIT, algorithm: "sliding-log" },
    { after: 1, meanwhile: addOldEntry },
  ),
  checkOf(
    { what: "`sliding-window`, a cost of 20", calls: 1, commands: COUNTER },
    { limits: WINDOW_LIMIT, cost: 20 },
    { after: 1 },
  ),
  checkOf(
    {
      what: "two limits by `sliding-window`",
      calls: 1,
      commands: { EVALSHA: 1, TIME: 1, GET: 2, SET: 2 },
    },
    { limits: { ip: ["500 per minute", "5000 per day"] } },
    { after: 1 },
  ),
  checkOf(
    {
      what: "two limits by `sliding-log`",
      calls: 1,
      commands: { EVALSHA: 1, TIME: 1, GET: 2, SET: 2 },
    },
    { limits: { ip: ["20 per hour", "50 per day"] } },
    { after: 1 },
  ),
  checkOf(
    {
      what: "one limit by each of the two",
      calls: 1,
      commands: { EVALSHA: 1, TIME: 1, GET: 2, SET: 2 },
    },
    { limits: { ip: ["20 per hour", "5000 per day"] } },
    { after: 1 },
  ),
  checkOf(
    {
      what: "`sliding-window`, denied by the store",
      calls: 1,
      commands: COUNTER_READ,
    },
    { limits: FULL, algorithm: "sliding-window" },
    { after: 1, status: 429 },
  ),
  checkOf(
    { what: "`fixed-window`, denied by the store", calls: 1, commands: COUNTER_READ },
    { limits: FULL, algorithm: "fixed-window" },
    { after: 1, status: 429 },
  ),
  checkOf(
    { what: "`token-bucket`, denied by the store", calls: 1, commands: COUNTER_READ },
    { limits: FULL, algorithm: "token-bucket" },
    { after: 1, status: 429 },
  ),
  checkOf(
    { what: "`sliding-log`, denied by the store", calls: 1, commands: COUNTER_READ },
    { limits: FULL },
    { after: 1, status: 429 },
  ),
  checkOf(
    { what: "denied again, from the denial cache", calls: 0, commands: {} },
    { limits: FULL },
    { after: 2, status: 429 },
  ),
  checkOf(
    { what: "optimistic, reported after the response", calls: 1, commands: COUNTER },
    { limits: WINDOW_LIMIT, admit: "optimistic" },
    { after: 1 },
  ),
  checkOf(
    {
      what: "`sliding-window`, when Redis does not know the script yet",
      calls: 2,
      commands: { EVALSHA: 1, EVAL: 1, TIME: 1, GET: 1, SET: 1 },
    },
    { limits: WINDOW_LIMIT },
    { after: 1, meanwhile: ({ direct }) => direct.script("FLUSH") },
  ),
  changedCheckOf(
    {
      what: "`sliding-window`, the first check after `token-bucket`",
      calls: 2,
      commands: { EVALSHA: 2, TIME: 2, GET: 2, SET: 1 },
    },
    { limits: WINDOW_LIMIT, algorithm: "token-bucket" },
    { limits: WINDOW_LIMIT },
  ),
];

/** Adds an entry that is older than the window to every log. */
async function addOldEntry({ direct }: World): Promise<void> {
  const keys = await direct.keys("*");
  const types = await Promise.all(keys.map((key) => direct.type(key)));
  const logs = keys.filter((_, i) => types[i] === "zset");
  const old = Date.now() - 25 * 3600 * 1000;
  for (const log of logs) await direct.zadd(log, old, `${old}:0`);
}

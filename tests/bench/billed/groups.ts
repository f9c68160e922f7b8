import { type Billed, sumOf } from "../../support/billed.ts";
import type { Table } from "../report/types.ts";
import { DEDUP_CASES } from "./dedup-cases.ts";
import { HANDLER_CASES } from "./handler-cases.ts";
import { CHECK_CASES } from "./limit-cases.ts";
import { LOCK_CASES } from "./lock-cases.ts";
import { ROUTE_CASES } from "./route-cases.ts";
import { UPSTASH_CASES } from "./upstash-cases.ts";
import type { BilledCase, Cost } from "./world.ts";

/** The cases of one table of docs/evidence/billed-commands.md. */
interface Group {
  readonly title: string;
  /** The text before the table. */
  readonly about: string;
  readonly cases: readonly BilledCase[];
}

/** Every case, in the order of the docs. */
export const GROUPS: readonly Group[] = [
  {
    title: "a check of the gate",
    about: "A check of the gate, when Redis knows the script:",
    cases: CHECK_CASES,
  },
  {
    title: "the sample",
    about:
      "The sample's own policy has the rule `api` on every path below /api, by `sliding-window`, and limits by `sliding-log` beside it:",
    cases: ROUTE_CASES,
  },
  {
    title: "limits in a handler",
    about: "Calls from a handler cost as much as checks of the gate, and `peek` costs less:",
    cases: HANDLER_CASES,
  },
  {
    title: "locks",
    about:
      "Locks and dedup are scripts as well, since a token or an owner is compared in the same step. Beside them stand @upstash/lock and the bare command:",
    cases: LOCK_CASES,
  },
  { title: "dedup", about: "Dedup:", cases: DEDUP_CASES },
  {
    title: "@upstash/ratelimit",
    about:
      "@upstash/ratelimit without its cache, over @upstash/redis, in the same run. The gateway removes from its scripts' first line the flag that Redis 7 does not know:",
    cases: UPSTASH_CASES,
  },
];

/** Returns the table of a group in docs/evidence/billed-commands.md. */
export function billTable({ title, about }: Group, measured: readonly Cost[]): Table {
  return {
    title: about,
    head: [title, "REST calls", "commands billed", "which"],
    rows: measured.map(({ what, calls, commands }) => [
      what,
      calls,
      sumOf(commands),
      namesOf(commands) || "–",
    ]),
  };
}

/** Returns the names of commands in alphabetical order, such as "EVALSHA, GET, SET, TIME" or "20 × ZADD". */
function namesOf(commands: Billed): string {
  return Object.entries(commands)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, calls]) => (calls === 1 ? name : `${calls} × ${name}`))
    .join(", ");
}

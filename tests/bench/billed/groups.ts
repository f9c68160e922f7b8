import { type Billed, sumOf } from "../../support/billed.ts";
import { tableOf } from "../numbers.ts";
import { DEDUP_CASES } from "./dedup-cases.ts";
import { HANDLER_CASES } from "./handler-cases.ts";
import { CHECK_CASES } from "./limit-cases.ts";
import { LOCK_CASES } from "./lock-cases.ts";
import { ROUTE_CASES } from "./route-cases.ts";
import { UPSTASH_CASES } from "./upstash-cases.ts";
import type { BilledCase, Cost } from "./world.ts";

/** Cases that stand in one table of docs/performance.md. */
interface Group {
  readonly title: string;
  readonly cases: readonly BilledCase[];
}

/** Every case, in the order of the docs. */
export const GROUPS: readonly Group[] = [
  { title: "a check of the gate", cases: CHECK_CASES },
  { title: "the sample", cases: ROUTE_CASES },
  { title: "limits in a handler", cases: HANDLER_CASES },
  { title: "locks", cases: LOCK_CASES },
  { title: "dedup", cases: DEDUP_CASES },
  { title: "@upstash/ratelimit", cases: UPSTASH_CASES },
];

/** The table of a group in Markdown, as docs/performance.md prints it. */
export function billTable(title: string, measured: readonly Cost[]): string {
  return tableOf(
    [title, "REST calls", "commands billed", "which"],
    measured.map(({ what, calls, commands }) => [
      what,
      calls,
      sumOf(commands),
      namesOf(commands) || "–",
    ]),
  );
}

/** The names of commands by the alphabet, such as "EVALSHA, GET, SET, TIME" or "20 × ZADD". */
function namesOf(commands: Billed): string {
  return Object.entries(commands)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, calls]) => (calls === 1 ? name : `${calls} × ${name}`))
    .join(", ");
}

import { sure } from "../timing.ts";
import { limitsOf, type Rule } from "./gate.ts";
import { COUNTER, COUNTER_READ, LOG, LOG_LIMIT, WINDOW_LIMIT } from "./limit-cases.ts";
import type { BilledCase, World } from "./world.ts";

/** The cases of calls from a handler. */
export const HANDLER_CASES: readonly BilledCase[] = [
  {
    what: "`checkRateLimit`, a limit up to 100",
    calls: 1,
    commands: LOG,
    prepare: (world) => namedCheck(world, 50),
  },
  {
    what: "`checkRateLimit`, a limit above 100",
    calls: 1,
    commands: COUNTER,
    prepare: (world) => namedCheck(world, 5000),
  },
  {
    what: "`peek`, `sliding-log`",
    calls: 1,
    commands: COUNTER_READ,
    prepare: (world) => look(world, { limits: LOG_LIMIT }),
  },
  {
    what: "`peek`, `sliding-window`",
    calls: 1,
    commands: COUNTER_READ,
    prepare: (world) => look(world, { limits: WINDOW_LIMIT }),
  },
  {
    what: "`refund`, `sliding-log`",
    calls: 1,
    commands: { EVALSHA: 1, TIME: 1, GET: 1, DEL: 1 },
    prepare: (world) => giveBack(world, { limits: LOG_LIMIT }),
  },
  {
    what: "`refund`, `sliding-window`",
    calls: 1,
    commands: COUNTER,
    prepare: (world) => giveBack(world, { limits: WINDOW_LIMIT }),
  },
  {
    what: "`refund`, `token-bucket`",
    calls: 1,
    commands: COUNTER,
    prepare: (world) => giveBack(world, { limits: WINDOW_LIMIT, algorithm: "token-bucket" }),
  },
];

async function namedCheck(world: World, limit: number) {
  const { checkRateLimit } = limitsOf(world, { limits: LOG_LIMIT });
  const check = async () => {
    const { success, remaining } = await checkRateLimit(world.unique, limit, 60_000);
    sure(success && remaining < limit);
  };
  await check();
  return check;
}

async function look(world: World, rule: Rule) {
  const { limit, peek } = limitsOf(world, rule);
  await limit();
  return async () => sure((await peek()).reason === "within-limit");
}

async function giveBack(world: World, rule: Rule) {
  const { limit, refund } = limitsOf(world, rule);
  const decision = await limit();
  return async () => sure((await refund(decision)) === 1);
}

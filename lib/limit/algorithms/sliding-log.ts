import { LARGE_LOG } from "./large-log.ts";
import { mostUnits, PACKED_LOG, PACKED_UP_TO } from "./packed-log.ts";
import type { AlgorithmDefinition } from "./definition.ts";
import { type AlgorithmReference, unitsOf } from "./reference.ts";

/**
 * sliding-log: the time of each unit. A unit of time s counts while now < s + w. So no window has more units
 * than the limit, wherever it begins.
 *
 * Future times were stored before the clock stepped back: they count as now, and the next write sets them to
 * the time of the write.
 */
export const SLIDING_LOG: AlgorithmDefinition<"sliding-log"> = {
  name: "sliding-log",
  // Up to this limit the exact log is affordable; above it two small counters are the default.
  defaultUpTo: 100,
  // Each unit costs memory in Redis, and a client may have as many units as the limit.
  largestLimit: 10_000,
  lua: PACKED_LOG,
  large: { above: PACKED_UP_TO, lua: LARGE_LOG },
  // "l", and the time of each unit, in order.
  memory: {
    kinds: "l",
    read: ({ numbers }, { windowMs, now }) => ({
      kind: "l",
      numbers: numbers.filter((at) => at > now - windowMs).map((at) => Math.min(at, now)),
      ahead: (numbers.at(-1) ?? 0) > now,
    }),
    used: ({ numbers }) => numbers.length,
    wait: ({ numbers }, { limit, windowMs, now }, cost) =>
      (numbers[numbers.length + cost - limit - 1] ?? 0) + windowMs - now,
    add(state, { limit, windowMs, now }, units, ageMs) {
      const most = mostUnits(limit);
      const added = Array<number>(Math.min(units, most)).fill(now - ageMs);
      const all = state.numbers.concat(added);
      state.numbers = (ageMs > 0 ? all.toSorted((a, b) => a - b) : all).slice(-most);
      state.until = now + windowMs + 1000;
    },
    refund(kept, { windowMs, cost, now }, takenAt) {
      if (takenAt <= now - windowMs) return 0;
      const before = kept.numbers.length;
      let left = cost;
      kept.numbers = kept.numbers.filter((at) => at !== takenAt || (left -= 1) < 0);
      return before - kept.numbers.length;
    },
  },
};

/** @public Tests and the tables of the documentation read it by the file's name. */
export const REFERENCE: AlgorithmReference = {
  used: (admitted, { windowMs }, now) =>
    unitsOf(admitted, ({ at }) => at > now - windowMs && at <= now),
  mostInAWindow: (limit) => limit,
  billed: { EVALSHA: 1, TIME: 1, GET: 1, SET: 1 },
  billedLarge: { EVALSHA: 1, TIME: 1, ZCARD: 1, ZCOUNT: 1, ZADD: 1, PEXPIRE: 1, ZRANGEBYSCORE: 1 },
  words: {
    keeps: "the time of each unit",
    mostInAWindow: "L",
    memory: "a text of six bytes for each unit",
    comesBack: "as each unit grows old",
    billedMore: `above a limit of ${PACKED_UP_TO} 7, and one more for each unit of cost above 1`,
    refunds: "the decision's units, until they are a window old",
  },
};

import { addToCounters, COUNTERS, readCounters, refundCounters } from "./counters.ts";
import type { AlgorithmDefinition } from "./definition.ts";
import { type AlgorithmReference, unitsOf } from "./reference.ts";

/**
 * sliding-window: the count of the previous window is weighted by the part of it that a window ending now
 * still covers. The weighted count is rounded up: rounding down would allow one request too many at a
 * window's edge.
 */
export const SLIDING_WINDOW: AlgorithmDefinition<"sliding-window"> = {
  name: "sliding-window",
  // No limit is larger, so this is the default for all limits above those of the log.
  defaultUpTo: 2 ** 53,
  lua: {
    ...COUNTERS,
    name: "sliding-window",
    read: COUNTERS.read("current = min(c + p, floor(2 ^ 53 / w))", "return 0"),
    used: "current + (previous * left + -(previous * left) % w) / w",
    wait: `(limit - cost >= current and left - floor((limit - cost - current) * w / previous)
  or left + w - floor((limit - cost) * w / current))`,
    adopt: `
current, previous, left = units, 0, w - now % w`,
    refund: COUNTERS.refund(true),
  },
  memory: {
    kinds: "c",
    read: readCounters,
    used({ numbers: [index = 0, current = 0, previous = 0] }, { windowMs, now }) {
      return current + Math.ceil((previous * ((index + 1) * windowMs - now)) / windowMs);
    },
    wait({ numbers: [index = 0, current = 0, previous = 0] }, { limit, windowMs, now }, cost) {
      const left = (index + 1) * windowMs - now;
      const free = limit - cost - current;
      if (free >= 0) return left - Math.floor((free * windowMs) / previous);
      return left + windowMs - Math.floor(((limit - cost) * windowMs) / current);
    },
    add: addToCounters,
    refund: (kept, moment, takenAt) => refundCounters(kept, moment, takenAt, true),
  },
};

/** @public Tests and the tables of the documentation read it by the file's name. */
export const REFERENCE: AlgorithmReference = {
  used: (admitted, { windowMs }, now) => {
    const index = Math.floor(now / windowMs);
    const elapsed = now - index * windowMs;
    const current = unitsOf(admitted, ({ at }) => Math.floor(at / windowMs) === index);
    const previous = unitsOf(admitted, ({ at }) => Math.floor(at / windowMs) === index - 1);
    return current + Math.ceil((previous * (windowMs - elapsed)) / windowMs);
  },
  mostInAWindow: (limit) => 2 * limit - 1,
  billed: { EVALSHA: 1, TIME: 1, GET: 1, SET: 1 },
  words: {
    keeps: "window number, its count, the count before",
    mostInAWindow: "2L − 1",
    memory: "one small text",
    comesBack: "little by little",
    refunds: "the decision's units, while its window or the one after it is the current one",
  },
};

import { formatDuration } from "#lib/core/duration";

/** How a rule counts. */
export interface Counting {
  readonly limit: number;
  /** The window, in milliseconds. */
  readonly windowMs: number;
  /** The limit as a policy writes it: "10 per 10 seconds". */
  readonly text: string;
  readonly algorithm: "sliding-window" | "fixed-window" | "token-bucket";
  /** True when Upstash's limiter answers from memory before it calls Redis. */
  readonly isCached: boolean;
}

/** A constant of the source; undefined when it is known only at run time. */
type Constant = number | string | undefined;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The windows that a policy may have, in milliseconds. */
const SHORTEST = 1000;
const LONGEST = 31 * 86_400_000;

const ALGORITHMS = {
  slidingWindow: { algorithm: "sliding-window", isCached: false },
  fixedWindow: { algorithm: "fixed-window", isCached: false },
  cachedFixedWindow: { algorithm: "fixed-window", isCached: true },
  tokenBucket: { algorithm: "token-bucket", isCached: false },
} as const;

/** The ways to count that @upstash/ratelimit has. */
export type Way = keyof typeof ALGORITHMS;

export function isWay(name: string): name is Way {
  return Object.hasOwn(ALGORITHMS, name);
}

/**
 * Returns milliseconds of a duration as @upstash/ratelimit reads it: "10 s", "10s", "1.5 h", "500 ms", "1 w".
 *
 * @returns undefined for a text that it rejects
 * @example
 * upstashDuration("10 s"); // 10000
 */
export function upstashDuration(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)\s?(ms|s|m|h|d|w)$/.exec(text) ?? [];
  const length = UNITS[unit];
  const ms = count === undefined || length === undefined ? 0 : Math.round(Number(count) * length);
  return ms < 1 ? undefined : ms;
}

/**
 * Returns how a rule counts the same as a limiter of @upstash/ratelimit, or why no rule can.
 *
 * @param values the arguments of the algorithm; undefined for values that are known only at run time
 * @param texts the same arguments as text of the source
 * @example
 * countingOf("tokenBucket", [5, "10 s", 20], []); // 20 per 40 seconds
 */
export function countingOf(
  way: Way,
  values: readonly Constant[],
  texts: readonly string[],
): Counting | string {
  const unknown = texts.findIndex((_, i) => values[i] === undefined);
  if (unknown !== -1) {
    return `it depends on ${texts[unknown] ?? ""}, which is known only at run time, but a policy is fixed`;
  }
  const [first, second, third] = values;
  const interval = typeof second === "string" ? upstashDuration(second) : undefined;
  if (typeof first !== "number" || interval === undefined) {
    return `${JSON.stringify(second)} is not a duration of @upstash/ratelimit`;
  }
  if (way !== "tokenBucket") return counted(way, first, interval);
  if (typeof third !== "number") return "its third argument is not a number";
  // Upstash's bucket gets `first` tokens each interval and holds `third`: a full one refills in this time.
  return counted(way, third, (interval * third) / first);
}

function counted(way: Way, limit: number, windowMs: number): Counting | string {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    return `its limit is ${limit}, but a rule's limit must be a whole number from 1`;
  }
  if (!Number.isSafeInteger(windowMs)) {
    return `a full bucket refills in ${windowMs} ms, but a rule's window must be whole milliseconds`;
  }
  if (windowMs < SHORTEST || windowMs > LONGEST) {
    return `its window is ${formatDuration(windowMs)}, but a rule's window must be from 1 second to 31 days`;
  }
  if (!Number.isSafeInteger(limit * windowMs)) return "its limit times its window is above 2^53";
  return { limit, windowMs, text: `${limit} per ${formatDuration(windowMs)}`, ...ALGORITHMS[way] };
}

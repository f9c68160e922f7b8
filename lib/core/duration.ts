const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

const UNITS: ReadonlyMap<string, number> = new Map([
  ...["ms", "millisecond", "milliseconds"].map((name) => [name, 1] as const),
  ...["s", "sec", "second", "seconds"].map((name) => [name, SECOND] as const),
  ...["m", "min", "minute", "minutes"].map((name) => [name, MINUTE] as const),
  ...["h", "hour", "hours"].map((name) => [name, HOUR] as const),
  ...["d", "day", "days"].map((name) => [name, DAY] as const),
  ...["w", "week", "weeks"].map((name) => [name, WEEK] as const),
]);

const NAMES = [
  [WEEK, "week"],
  [DAY, "day"],
  [HOUR, "hour"],
  [MINUTE, "minute"],
  [SECOND, "second"],
] as const;

/** A length of time: a number of seconds, or a text such as "30 seconds" or "5 minutes". */
export type Duration = number | string;

/** The whole milliseconds of a length of time, rounded up; undefined where it is none, or below 1 ms. */
export function durationMs(given: Duration): number | undefined {
  const ms = typeof given === "number" ? Math.ceil(given * 1000) : parseDuration(given);
  return ms !== undefined && Number.isSafeInteger(ms) && ms >= 1 ? ms : undefined;
}

/**
 * Reads a length of time such as "minute", "15 minutes", "1 m", "10s" or "500 ms".
 *
 * @returns milliseconds, or undefined where the text is not one
 * @example
 * parseDuration("15 minutes"); // 900000
 */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^\s*(\d{1,15})?\s*([a-z]{1,12})\s*$/i.exec(text) ?? [];
  const milliseconds = UNITS.get(unit?.toLowerCase() ?? "");
  return milliseconds === undefined ? undefined : Number(count ?? 1) * milliseconds;
}

/**
 * Returns a length of time in the largest unit that fits it: 60000 is "minute", 900000 "15 minutes".
 *
 * @param ms milliseconds
 * @example
 * formatDuration(900_000); // "15 minutes"
 */
export function formatDuration(ms: number): string {
  const [length, name] = NAMES.find(([unit]) => ms >= unit && ms % unit === 0) ?? [
    1,
    "millisecond",
  ];
  const count = ms / length;
  return count === 1 ? name : `${count} ${name}s`;
}

import { mustBe } from "./argument.ts";

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

/** Returns a length of time in whole milliseconds, rounded up; undefined when it is invalid or below 1 ms. */
export function durationMs(given: Duration): number | undefined {
  const ms = typeof given === "number" ? Math.ceil(given * 1000) : parseDuration(given);
  return ms !== undefined && Number.isSafeInteger(ms) && ms >= 1 ? ms : undefined;
}

/**
 * Returns why an argument is invalid; undefined for a length of time of at most `mostMs` milliseconds.
 *
 * @example
 * durationProblem("ttl", "1 year", 86_400_000); // 'ttl must be seconds, or …, but is "1 year".'
 */
export function durationProblem(name: string, given: Duration, mostMs: number): string | undefined {
  const ms = durationMs(given);
  if (ms !== undefined && ms <= mostMs) return undefined;
  const shown = typeof given === "number" ? given : JSON.stringify(given);
  return mustBe(
    name,
    `seconds, or a text such as "30 seconds", up to ${mostMs / SECOND} seconds (${formatDuration(mostMs)})`,
    shown,
  );
}

/**
 * Reads a length of time such as "minute", "15 minutes", "1 m", "10s" or "500 ms".
 *
 * @returns milliseconds, or undefined when the text is no length of time
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
  return ms === length ? name : counted(ms / length, name);
}

/**
 * Returns a length of time for people: in the two largest units from seconds to days, rounded up.
 *
 * @param ms milliseconds
 * @example
 * durationInWords(3_899_001); // "1 hour 5 minutes"
 */
export function durationInWords(ms: number): string {
  // Weeks are left out: people count days.
  const units = NAMES.slice(1);
  // Rounding up in a smaller unit may fill one of this unit: 59.9 minutes become 1 hour.
  const at = units.findIndex(([unit], i) => roundedUp(ms, units[i + 2]) >= unit);
  const [unit, name] = units[at] ?? [SECOND, "second"];
  const next = units[at + 1];
  const rounded = roundedUp(ms, next);
  const rest = rounded % unit;
  const whole = counted((rounded - rest) / unit, name);
  return next && rest > 0 ? `${whole} ${counted(rest / next[0], next[1])}` : whole;
}

/** Rounds up to whole units. */
function roundedUp(ms: number, [unit]: readonly [number, string] = [SECOND, ""]): number {
  return Math.ceil(ms / unit) * unit;
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

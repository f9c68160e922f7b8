const whole = new Intl.NumberFormat("en");
const oneDecimal = new Intl.NumberFormat("en", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** The text for an unknown number. */
export const UNKNOWN = "–";

/** Returns a count with its digits grouped: 12,345. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : whole.format(value);
}

/** Returns a count for the axis of a chart: 12K. */
export function axisCount(value: number): string {
  return compact.format(value);
}

/** Returns a rate with one decimal; "<0.1" for a smaller rate above 0. */
export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return UNKNOWN;
  return perSecond > 0 && perSecond < 0.05 ? "<0.1" : oneDecimal.format(perSecond);
}

/** Returns a part of a whole in percent with one decimal; unknown when the whole is 0. */
export function percent(part: number, of: number): string {
  if (of === 0) return UNKNOWN;
  const value = (100 * part) / of;
  if (value > 0 && value < 0.05) return "<0.1";
  return value < 100 && value > 99.9 ? ">99.9" : oneDecimal.format(value);
}

/** Returns a length of time in milliseconds without its unit: one decimal below ten. */
export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  return value < 10 ? oneDecimal.format(value) : whole.format(Math.round(value));
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** Returns a size with its unit, by thousands. */
export function size(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  const text =
    power === 0 || value >= 100 ? whole.format(Math.round(value)) : oneDecimal.format(value);
  return `${text} ${UNITS[power]}`;
}

/** Returns an age as text: "3 s", "4 min", "2 h". */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}

/** Returns the remaining time: "09:59", "1:09:59", "2 d 1:09:59". */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const days = Math.floor(hours / 24);
  const clock = [Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  if (hours === 0) return clock;
  return days === 0 ? `${hours}:${clock}` : `${days} d ${hours % 24}:${clock}`;
}

/** Returns names as text, and the number of further ones: "a, b and 3 more". */
export function names(all: readonly string[], most = 6): string {
  const rest = all.length - most;
  const shown = all.slice(0, most).join(", ");
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

/** Returns a client key, shortened to its beginning and end when it is long. */
export function shortKey(key: string): string {
  return key.length <= 16 ? key : `${key.slice(0, 9)}…${key.slice(-5)}`;
}

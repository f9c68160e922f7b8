const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** Returns the time of day in the viewer's zone: 14:05. */
export function timeOf(ms: number): string {
  return clock.format(ms);
}

/** Returns the time of day with its day: "29 Nov, 14:05". */
export function dateOf(ms: number): string {
  return `${day.format(ms)}, ${timeOf(ms)}`;
}

/** Returns the time of day, or at midnight the day, for the axis of a chart. */
export function axisTime(ms: number): string {
  const date = new Date(ms);
  return date.getHours() === 0 && date.getMinutes() === 0 ? day.format(ms) : timeOf(ms);
}

/** Returns the step that begins at a time: "14:05", or "14:00 to 14:10" for a longer one. */
export function stepOf(ms: number, stepMs: number): string {
  return stepMs <= 60_000 ? timeOf(ms) : `${timeOf(ms)} to ${timeOf(ms + stepMs)}`;
}

/** Returns the name of the viewer's zone and its offset at a time: "Europe/Berlin (GMT+1)". */
export function zoneAt(ms: number): string {
  const { timeZone } = clock.resolvedOptions();
  const parts = new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" }).formatToParts(ms);
  const offset = parts.find(({ type }) => type === "timeZoneName")?.value;
  return offset === undefined || offset === timeZone ? timeZone : `${timeZone} (${offset})`;
}

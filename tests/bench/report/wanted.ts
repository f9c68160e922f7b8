import type { Seen, Wanted } from "./types.ts";

/** Returns true when a measured figure meets its bound, and false when it was not measured. */
export function isMet({ is, wanted }: Wanted, { value }: Seen): boolean {
  if (value === null || Number.isNaN(value)) return false;
  if (is === "at least") return value >= wanted;
  return is === "at most" ? value <= wanted : value < wanted;
}

/** Formats a figure: whole numbers unchanged, others with two decimals, and from 100 on without decimals. */
export function shown(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "–";
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(Math.abs(value) < 100 ? 2 : 0);
}

/** Formats a wanted figure, with more decimals when two would hide whether it is met. */
export function shownOf(one: Wanted, seen: Seen): string {
  const text = shown(seen.value);
  if (seen.value === null || isMet(one, { ...seen, value: Number(text) }) === isMet(one, seen)) {
    return text;
  }
  return String(Number(seen.value.toPrecision(5)));
}

/** Formats a bound, such as "at most 850 bytes". */
export function boundOf({ is, wanted, unit }: Wanted): string {
  return [is, wanted, unit].filter((word) => word !== undefined).join(" ");
}

/** Counts the wanted and the met figures of some reports, and names the missed ones. */
export function countWanted(reports: readonly { readonly wanted: readonly Wanted[] }[]) {
  const each = reports.flatMap(({ wanted }) =>
    wanted.flatMap((one) => one.seen.map((seen) => ({ one, seen, met: isMet(one, seen) }))),
  );
  const missed = each.filter(({ met }) => !met);
  return {
    all: each.length,
    met: each.length - missed.length,
    missed: missed.map(({ one, seen }) => missOf(one, seen)),
  };
}

/** Names a missed figure, such as "one rule, to do-nothing, at 1: 0.47, wanted at least 1". */
function missOf(one: Wanted, seen: Seen): string {
  const where = seen.at === "" ? "" : `, ${seen.at}`;
  return `${one.what}${where}: ${shownOf(one, seen)}, wanted ${boundOf(one)}`;
}

/** Makes a {@link Wanted} of a single figure. */
export function wantedOne(
  what: string,
  is: Wanted["is"],
  wanted: number,
  value: number,
  unit?: string,
): Wanted {
  return { what, is, wanted, ...(unit !== undefined && { unit }), seen: [{ at: "", value }] };
}

/** A single wanted figure, before it is grouped with others of its kind. */
export type Figure = Omit<Wanted, "seen"> & Seen;

/** Groups figures of one kind with one bound, in the order of the first figure of each kind. */
export function groupWanted(figures: readonly Figure[]): Wanted[] {
  const groups = new Map<string, Wanted & { readonly seen: Seen[] }>();
  for (const { at, value, ...kind } of figures) {
    const name = `${kind.what} ${boundOf({ ...kind, seen: [] })}`;
    const group = groups.get(name) ?? { ...kind, seen: [] };
    groups.set(name, group);
    group.seen.push({ at, value });
  }
  return [...groups.values()];
}

/** Formats the number of concurrent callers. */
export function callersOf(callers: number): string {
  return callers === 1 ? "one caller" : `${callers} callers`;
}

/** Names how many connections there are at once. */
export function connectionsOf(connections: number): string {
  return `${connections} ${connections === 1 ? "connection" : "connections"}`;
}

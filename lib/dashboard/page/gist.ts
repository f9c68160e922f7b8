import type { Line } from "./line.ts";
import { timeOf } from "./times.ts";

/** Returns a chart as text: the last value of each line, and the largest with its time. */
export function gistOf(lines: readonly Line[], start: number, stepMs: number): string {
  return lines
    .map(({ name, unit, values, format }) => {
      const most = Math.max(0, ...values.map((value) => value ?? 0));
      const last = `${name}: last ${format(values.at(-1))}${unit}`;
      if (most === 0) return `${last}.`;
      return `${last}, most ${format(most)}${unit} at ${timeOf(start + values.indexOf(most) * stepMs)}.`;
    })
    .join(" ");
}

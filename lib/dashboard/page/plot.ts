import uPlot from "uplot";
import { type Look, LOOKS, type LookName } from "./looks.ts";
import { axisCount } from "./numbers.ts";
import { axisTime } from "./times.ts";

/** The options of a plot. */
export interface PlotOptions {
  readonly looks: readonly LookName[];
  /** The label of the left axis. */
  readonly unit: string;
  /** The height, in pixels. */
  readonly height: number;
  /** Plots with the same name have one cursor. */
  readonly group: string;
  /** Called with the step under the pointer, or with null when the pointer leaves the chart. */
  readonly onCursor: (step: number | null) => void;
}

const FONT = '12px "Helvetica Neue", Helvetica, Arial, sans-serif';

/** The steps of axis ticks, which are whole because counts are. */
const WHOLE = Array.from({ length: 10 }, (_, i) => [1, 2, 5].map((step) => step * 10 ** i)).flat();

/** Draws lines into an element, in the colours of the style sheet, and follows the element's width. */
export function createPlot(element: HTMLElement, options: PlotOptions) {
  const { height } = options;
  const plot = new uPlot(settingsOf(element, options), undefined, element);
  const observer = new ResizeObserver(() => {
    if (element.clientWidth > 0) plot.setSize({ width: element.clientWidth, height });
  });
  observer.observe(element);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const redraw = (): void => plot.redraw(false);
  scheme.addEventListener("change", redraw);
  return {
    plot,
    remove(this: void) {
      observer.disconnect();
      scheme.removeEventListener("change", redraw);
      plot.destroy();
    },
  };
}

function settingsOf(
  element: HTMLElement,
  { looks, unit, height, group, onCursor }: PlotOptions,
): uPlot.Options {
  // Read at each drawing, so that a change of the colour scheme only needs a redraw.
  const color = (name: string) => () => getComputedStyle(element).getPropertyValue(name).trim();
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    padding: [10, 18, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, sync: { key: group } },
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] } },
    axes: [
      {
        font: FONT,
        size: 28,
        space: 64,
        stroke: color("--quiet"),
        grid: { show: false },
        ticks: { stroke: color("--line"), width: 1, size: 4 },
        values: (_, splits) => splits.map((seconds) => axisTime(seconds * 1000)),
      },
      {
        label: unit,
        labelSize: 16,
        labelFont: FONT,
        font: FONT,
        size: 44,
        space: 28,
        incrs: unit === "ms" ? [0.1, 0.2, 0.5, ...WHOLE] : WHOLE,
        stroke: color("--quiet"),
        grid: { stroke: color("--grid"), width: 1 },
        ticks: { show: false },
        values: (_, splits) => splits.map(axisCount),
      },
    ],
    series: [{}, ...looks.map((look) => seriesOf(LOOKS[look], color))],
    hooks: { setCursor: [({ cursor }) => onCursor(cursor.idx ?? null)] },
  };
}

function seriesOf(look: Look, color: (name: string) => () => string): uPlot.Series {
  const stroke = color(look.color);
  const bars = look.isBars && uPlot.paths.bars?.({ size: [0.6, 12] });
  if (bars) return { fill: stroke, width: 0, points: { show: false }, paths: bars };
  return {
    stroke,
    width: look.width,
    dash: [...look.dash],
    points: {
      show: look.hasDots ?? false,
      size: 5,
      width: 1,
      fill: stroke,
      stroke,
      // A dot at each point above 0.
      ...(look.hasDots && {
        filter: ({ data }, line) => Array.from(data[0].keys()).filter((i) => data[line]?.[i]),
      }),
    },
    ...(look.isFilled && { fill: color(`${look.color}-fill`) }),
  };
}

/** @jsxImportSource preact */
import type uPlot from "uplot";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ChartTable } from "./chart-table.tsx";
import { gistOf } from "./gist.ts";
import { Legend } from "./legend.tsx";
import type { Line } from "./line.ts";
import type { LookName } from "./looks.ts";
import { createPlot, type PlotOptions } from "./plot.ts";

/** Lines on one scale. */
export interface Panel extends Pick<PlotOptions, "unit" | "height"> {
  readonly lines: readonly Line[];
}

interface Props {
  /** The content of the chart, its steps and its span of time. */
  readonly title: string;
  /** Undefined until the history has arrived. The number of panels and their lines never change. */
  readonly panels: readonly Panel[] | undefined;
  /** The start of the first step: milliseconds since 1970. */
  readonly start: number;
  readonly stepMs: number;
}

/** A chart with its legend, which can be shown as a table with the same numbers. */
export function Chart({ title, panels, start, stepMs }: Props) {
  const id = useId();
  const [isTable, showTable] = useState(false);
  const [hidden, hide] = useState<ReadonlySet<string>>(new Set());
  const [cursor, moveCursor] = useState<number | null>(null);
  if (!panels)
    return <div class="chart waiting">The history of this chart has not arrived yet.</div>;
  const lines = panels.flatMap((panel) => panel.lines);
  const last = (lines[0]?.values.length ?? 0) - 1;
  const step = cursor !== null && cursor <= last ? cursor : last;
  const toggle = (name: string): void => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    hide(next);
  };
  return (
    <figure class="chart" aria-labelledby={id}>
      <div class="chart-head">
        <figcaption id={id}>{title}</figcaption>
        <button type="button" aria-pressed={isTable} onClick={() => showTable(!isTable)}>
          Show as table
        </button>
      </div>
      {isTable ? (
        <ChartTable title={title} lines={lines} start={start} stepMs={stepMs} />
      ) : (
        <>
          <Legend
            lines={lines}
            step={step}
            time={start + step * stepMs}
            stepMs={stepMs}
            isRunning={step === last}
            hidden={hidden}
            onToggle={toggle}
          />
          <div class="panels">
            {panels.map((panel) => (
              <Plot
                key={panel.lines[0]?.name}
                label={`${title}. ${gistOf(panel.lines, start, stepMs)}`}
                panel={panel}
                hidden={hidden}
                start={start}
                stepMs={stepMs}
                group={id}
                onCursor={moveCursor}
              />
            ))}
          </div>
        </>
      )}
    </figure>
  );
}

interface PlotProps
  extends Pick<Props, "start" | "stepMs">, Pick<PlotOptions, "group" | "onCursor"> {
  readonly label: string;
  readonly panel: Panel;
  readonly hidden: ReadonlySet<string>;
}

function Plot({ label, panel, hidden, start, stepMs, group, onCursor }: PlotProps) {
  const { lines, unit, height } = panel;
  const elementRef = useRef<HTMLDivElement>(null);
  const plotRef = useRef<uPlot>(null);
  // Text, so that it is equal while the lines are the same.
  const looks = lines.map(({ look }) => look).join(" ");
  useEffect(() => {
    if (!elementRef.current) return;
    const { plot, remove } = createPlot(elementRef.current, {
      looks: looks.split(" ") as LookName[],
      unit,
      height,
      group,
      onCursor,
    });
    plotRef.current = plot;
    return remove;
  }, [looks, unit, height, group, onCursor]);
  useEffect(() => {
    const times = (lines[0]?.values ?? []).map((_, i) => (start + i * stepMs) / 1000);
    plotRef.current?.setData([times, ...lines.map((line) => drawn(line, hidden))]);
  }, [lines, hidden, start, stepMs]);
  const isEmpty = !lines.some(isSome);
  return (
    // A drawing on a canvas is an image for a screen reader, but not an `img`.
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
    <div class="plot" role="img" aria-label={label} data-is-empty={isEmpty} ref={elementRef} />
  );
}

/** Returns the values to draw. A line that is always 0 is not drawn over the axis. */
function drawn(line: Line, hidden: ReadonlySet<string>): (number | null)[] {
  const isDrawn = !hidden.has(line.name) && isSome(line);
  return isDrawn ? [...line.values] : line.values.map(() => null);
}

function isSome({ values }: Line): boolean {
  return values.some((value) => value !== null && value > 0);
}

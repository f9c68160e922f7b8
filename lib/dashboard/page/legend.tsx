/** @jsxImportSource preact */
import type { Line } from "./line.ts";
import { type Look, LOOKS, type LookName } from "./looks.ts";
import { stepOf } from "./times.ts";

interface Props {
  readonly lines: readonly Line[];
  readonly step: number;
  /** The start of the step: milliseconds since 1970. */
  readonly time: number;
  readonly stepMs: number;
  /** True for the current step, which has not ended. */
  readonly isRunning: boolean;
  readonly hidden: ReadonlySet<string>;
  /** Shows or hides a line. */
  readonly onToggle: (name: string) => void;
}

/** The lines of a chart with their values at one step; each can be hidden. */
export function Legend({ lines, step, time, stepMs, isRunning, hidden, onToggle }: Props) {
  return (
    <div class="legend">
      <p>
        {stepOf(time, stepMs)}
        {isRunning ? ", still running" : ""}
      </p>
      <ul>
        {lines.map(({ name, unit, look, values, format }) => (
          <li key={name}>
            <button
              type="button"
              class={look}
              aria-pressed={!hidden.has(name)}
              onClick={() => onToggle(name)}
            >
              <Marker look={look} />
              {name}
              <b>
                {format(values[step])}
                {unit}
              </b>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A piece of the line, as the chart draws it. */
function Marker({ look }: { look: LookName }) {
  const { width, dash, hasDots, isBars }: Look = LOOKS[look];
  return (
    <svg class="marker" viewBox="0 0 28 12" width="28" height="12" aria-hidden="true">
      {isBars ? (
        <path d="M5 12V5h4v7zM12 12V1h4v11zM19 12V7h4v5z" fill="currentColor" />
      ) : (
        <line
          x1="1"
          x2="27"
          y1="6"
          y2="6"
          stroke="currentColor"
          stroke-width={width}
          stroke-dasharray={dash.join(" ")}
        />
      )}
      {hasDots &&
        [5, 14, 23].map((x) => <circle key={x} cx={x} cy="6" r="2.5" fill="currentColor" />)}
    </svg>
  );
}

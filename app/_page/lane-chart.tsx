import { Bar, FLOOR_Y, GATE_Y } from "./bar.tsx";
import { statusInWords } from "./answer.ts";
import { type Arrival, SLOTS } from "./use-lane.ts";

/** The chart of a lane's answers, in the order of decisions, with the gate's name. */
export function LaneChart({ bars, isClosed, label }: ChartProps) {
  return (
    <div className="strip">
      <span className="gate-name" aria-hidden="true">
        gate
      </span>
      <svg className="chart" role="img" aria-label={label} data-closed={isClosed}>
        <line className="floor" x2="100%" y1={FLOOR_Y + 0.5} y2={FLOOR_Y + 0.5} />
        <line className="gate-line" x2="100%" y1={GATE_Y} y2={GATE_Y} />
        {bars.map((bar, slot) => (
          <svg
            key={bar.number}
            className="bar"
            data-outcome={bar.outcome}
            // Fractions, so that a lane of any width fits all bars.
            x={`${((slot + 0.25) / SLOTS) * 100}%`}
          >
            <title>{`${titleOf(bar)}, ${Math.round(bar.durationMs)} ms`}</title>
            <Bar outcome={bar.outcome} durationMs={bar.durationMs} />
          </svg>
        ))}
      </svg>
    </div>
  );
}

interface ChartProps {
  readonly bars: readonly Arrival[];
  readonly isClosed: boolean;
  readonly label: string;
}

function titleOf(bar: Arrival): string {
  const words = statusInWords(bar);
  return words.startsWith(bar.outcome) ? words : `${bar.outcome}: ${words}`;
}

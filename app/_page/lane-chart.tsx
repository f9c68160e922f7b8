import { Bar, FLOOR_Y, GATE_Y } from "./bar.tsx";
import { type Arrival, SLOTS } from "./use-lane.ts";

/** The strip on which a lane's answers are drawn, in the order of arrival. */
export function LaneChart({ arrivals, isClosed, label }: ChartProps) {
  return (
    <svg className="chart" role="img" aria-label={label} data-closed={isClosed}>
      <line className="floor" x2="100%" y1={FLOOR_Y + 0.5} y2={FLOOR_Y + 0.5} />
      <line className="gate-line" x2="100%" y1={GATE_Y} y2={GATE_Y} />
      {arrivals.map(({ number, outcome, durationMs }, slot) => (
        <svg
          key={number}
          className="bar"
          data-outcome={outcome}
          // Fractions, so that a lane of any width holds them all.
          x={`${((slot + 0.25) / SLOTS) * 100}%`}
        >
          <title>{`${outcome}, ${Math.round(durationMs)} ms`}</title>
          <Bar outcome={outcome} durationMs={durationMs} />
        </svg>
      ))}
    </svg>
  );
}

interface ChartProps {
  readonly arrivals: readonly Arrival[];
  readonly isClosed: boolean;
  readonly label: string;
}

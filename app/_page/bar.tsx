import type { Outcome } from "./answer.ts";

/** The positions of the gate's line and of the bars, in pixels from a chart's upper edge. */
export const GATE_Y = 30;
export const FLOOR_Y = 58;

const WIDTH = 5;
/** The milliseconds of a mark in the legend. */
const TYPICAL_MS = 20;

/**
 * One answer. The bar of an allowed request crosses the gate's line, and is higher the longer the
 * request took. The bar of a denied request ends at the line; that of a failed request ends below it.
 */
export function Bar({ outcome, durationMs = TYPICAL_MS }: BarProps) {
  switch (outcome) {
    case "allowed":
    case "uncounted":
      return <Allowed outcome={outcome} above={heightOf(durationMs)} />;
    case "denied":
      return (
        <g className="denied">
          <rect width={WIDTH} y={GATE_Y + 5} height={FLOOR_Y - GATE_Y - 5} />
          <rect x={-1} width={WIDTH + 2} y={GATE_Y + 2} height={3} />
        </g>
      );
    case "failed":
      return (
        <g className="failed">
          <path d={`M-.5 ${GATE_Y + 5}l6 6m0 -6l-6 6`} />
          <path d={`M2.5 ${GATE_Y + 14}V${FLOOR_Y}`} strokeDasharray="3 2" />
        </g>
      );
  }
}

interface BarProps {
  readonly outcome: Outcome;
  readonly durationMs?: number;
}

function Allowed({ outcome, above }: { readonly outcome: Outcome; readonly above: number }) {
  const top = GATE_Y - above;
  return outcome === "allowed" ? (
    <rect className="allowed" width={WIDTH} y={top} height={FLOOR_Y - top} />
  ) : (
    <rect
      className="uncounted"
      x={0.75}
      width={WIDTH - 1.5}
      y={top + 0.75}
      height={FLOOR_Y - top - 1.5}
    />
  );
}

/** Pixels above the gate: 8 for each factor of ten, so that 3 ms and 3 s fit in one lane. */
function heightOf(ms: number): number {
  return Math.min(GATE_Y - 2, 4 + 8 * Math.log10(Math.max(1, ms)));
}

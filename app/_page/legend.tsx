import type { Outcome } from "./answer.ts";
import { Bar } from "./bar.tsx";

const MEANINGS: Readonly<Record<Outcome, string>> = {
  allowed: "went on to the route; a higher bar took longer",
  denied: "stopped at the gate: no capacity left",
  failed: "the store failed, or no response came",
  uncounted: "went on to the route; no limit was checked",
};

/** Explains the bars. */
export function Legend() {
  return (
    <dl className="legend">
      {Object.entries(MEANINGS).map(([outcome, meaning]) => (
        <div key={outcome}>
          <dt>
            <svg className="mark" aria-hidden="true" viewBox="-8 8 21 52">
              <path className="gate-line" d="M-8 30H13" />
              <Bar outcome={outcome as Outcome} />
            </svg>
            {outcome}
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}

import type { Outcome } from "./answer.ts";
import { Bar } from "./bar.tsx";

const MEANINGS: Readonly<Record<Outcome, string>> = {
  allowed: "passed; the higher, the slower",
  denied: "stopped at the gate, for want of room",
  failed: "the store failed, or no answer came",
  ungated: "passed, but no limit was applied",
};

/** What the bars mean. */
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

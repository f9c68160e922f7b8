import type { Outcomes } from "#lib/dashboard/model";

/** The outcomes of decisions. */
export type Outcome = keyof Outcomes;

/** Returns an object with a value for each outcome. */
export function byOutcome<T>(make: (outcome: Outcome) => T): Readonly<Record<Outcome, T>> {
  return {
    allowed: make("allowed"),
    denied: make("denied"),
    shadowDenied: make("shadowDenied"),
    degraded: make("degraded"),
  };
}

/** No decisions. */
export const NO_OUTCOMES: Outcomes = byOutcome(() => 0);

/** Returns the sum of outcomes. */
export function sumOf(all: readonly Outcomes[]): Outcomes {
  return byOutcome((outcome) => all.reduce((total, each) => total + each[outcome], 0));
}

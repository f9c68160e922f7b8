import { useReducer, useRef } from "react";
import { type Answer, type Outcome, send } from "./answer.ts";
import { inOrderOfDecisions } from "./decision-order.ts";
import type { SampleRequest } from "./sample-request.ts";

/** How many answers a lane draws; the counts include all answers. */
export const SLOTS = 40;

/** How many requests of a burst are in flight at once. */
const AT_ONCE = 4;

/** An answer and its number in the order of arrival; the first has number 1. */
export interface Arrival extends Answer {
  readonly number: number;
}

/** The state of a lane: the requests sent from it and their answers. */
export interface LaneState {
  /** The last answers that fit, in the order of their decisions. */
  readonly drawn: readonly Arrival[];
  /** The answer that arrived last. */
  readonly last: Arrival | undefined;
  readonly counts: Readonly<Record<Outcome, number>>;
  /** The number of requests that wait for their answer, or for their turn. */
  readonly pending: number;
}

const EMPTY: LaneState = {
  drawn: [],
  last: undefined,
  counts: { allowed: 0, denied: 0, failed: 0, uncounted: 0 },
  pending: 0,
};

type Step = { readonly sent: number } | { readonly answer: Answer };

/**
 * Returns a lane's state, and a function that sends requests. One burst runs at a time.
 *
 * @param token names the user who sends them
 */
export function useLane(sample: SampleRequest | undefined, token?: string) {
  const [state, step] = useReducer(next, EMPTY);
  const busy = useRef(false);

  async function sendMany(count: number): Promise<void> {
    if (busy.current || !sample) return;
    busy.current = true;
    step({ sent: count });
    let left = count;
    const sender = async () => {
      while (left > 0) {
        left -= 1;
        step({ answer: await send(sample, token) });
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, sender));
    busy.current = false;
  }

  return { state, sendMany };
}

function next(state: LaneState, step: Step): LaneState {
  if ("sent" in step) return { ...state, pending: step.sent };
  const { outcome } = step.answer;
  const last = { ...step.answer, number: (state.last?.number ?? 0) + 1 };
  return {
    drawn: inOrderOfDecisions(state.drawn, last).slice(-SLOTS),
    last,
    counts: { ...state.counts, [outcome]: state.counts[outcome] + 1 },
    pending: state.pending - 1,
  };
}

/** Returns text such as "10 allowed, 10 denied"; outcomes that did not happen are left out. */
export function countsInWords(counts: LaneState["counts"]): string {
  const named = Object.entries(counts).filter(([, count]) => count > 0);
  return named.map(([outcome, count]) => `${count} ${outcome}`).join(", ");
}

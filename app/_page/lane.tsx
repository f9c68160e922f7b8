"use client";

import { useState } from "react";
import { statusInWords } from "./answer.ts";
import { LaneChart } from "./lane-chart.tsx";
import { LimitHeaders, Remaining, Status } from "./last-answer.tsx";
import { RequestChoice } from "./request-choice.tsx";
import type { SampleRequest } from "./sample-request.ts";
import { SignInFor } from "./sign-in-for.tsx";
import { clock, useCountdown } from "./use-countdown.ts";
import { countsInWords, type LaneState, useLane } from "./use-lane.ts";
import { useToken } from "./use-token.tsx";

const BURST = 20;

/** Sends requests to one rule and draws the gate's decisions. */
export function Lane({ rule, samples }: LaneProps) {
  const { token } = useToken();
  const [chosen, choose] = useState(0);
  const sample = samples[chosen];
  const { state, sendMany } = useLane(sample, token);
  const { last, pending } = state;
  const isDone = last !== undefined && pending === 0;

  return (
    <div className="lane">
      <div className="controls">
        <SendButton count={1} rule={rule} busy={pending > 0} send={sendMany} />
        <SendButton count={BURST} rule={rule} busy={pending > 0} send={sendMany} />
        <SignInFor needed={sample?.needs} rule={rule} />
      </div>
      <RequestChoice rule={rule} samples={samples} chosen={chosen} choose={choose} />
      <Answers rule={rule} state={state} />
      {/*
       * Screen readers announce only the end of a burst, because announcing each answer would be noise.
       */}
      <output className="aside">
        {isDone && `${rule}: ${countsInWords(state.counts)}. Last: ${statusInWords(last)}.`}
      </output>
    </div>
  );
}

interface LaneProps {
  readonly rule: string;
  /** The requests that can be sent: one or more. */
  readonly samples: readonly SampleRequest[];
}

/** Draws nothing before the first answer, because an empty chart has no information. */
function Answers({ rule, state: { drawn, last, counts, pending } }: AnswersProps) {
  const left = useCountdown(last);
  const isOver = pending === 0 && last?.retryAfter !== undefined && left === 0;
  return (
    <div className="answers">
      {last && (
        <LaneChart
          bars={drawn}
          isClosed={left > 0}
          label={`Responses to ${rule}: ${countsInWords(counts)}`}
        />
      )}
      <div className="tally">
        {last && <p>{countsInWords(counts)}</p>}
        <p>
          {left > 0 && (
            <span className="countdown">
              closed, opens in <b>{clock(left)}</b>
            </span>
          )}
          <output className="reopened">{isOver && "The gate is open again."}</output>
        </p>
      </div>
      {last && (
        <div className="readout">
          <Status answer={last} />
          <Remaining headers={last.headers} />
          <LimitHeaders headers={last.headers} />
        </div>
      )}
    </div>
  );
}

interface AnswersProps {
  readonly rule: string;
  readonly state: LaneState;
}

function SendButton({ count, rule, busy, send }: SendButtonProps) {
  return (
    // The button is not disabled during a burst, because a disabled button loses the focus.
    <button type="button" aria-disabled={busy} onClick={() => void send(count)}>
      Send {count}
      <span className="aside">
        {count === 1 ? " request" : " requests"} to {rule}
      </span>
    </button>
  );
}

interface SendButtonProps {
  readonly count: number;
  readonly rule: string;
  readonly busy: boolean;
  readonly send: (count: number) => Promise<void>;
}

"use client";

import { useState } from "react";
import { LaneChart } from "./lane-chart.tsx";
import { LimitHeaders, Status } from "./last-answer.tsx";
import { RequestChoice } from "./request-choice.tsx";
import type { SampleRequest } from "./sample-request.ts";
import { clock, useCountdown } from "./use-countdown.ts";
import { countsInWords, useLane } from "./use-lane.ts";
import { useToken } from "./use-token.tsx";

const BURST = 20;

/** Sends requests to one rule and draws what the gate made of them. */
export function Lane({ rule, samples }: LaneProps) {
  const { token } = useToken();
  const [chosen, choose] = useState(0);
  const { state, sendMany } = useLane(samples[chosen], token);
  const last = state.arrivals.at(-1);
  const left = useCountdown(last);
  const counts = countsInWords(state.counts);
  const isDone = last !== undefined && state.pending === 0;
  const isOver = isDone && last.retryAfter !== undefined && left === 0;

  return (
    <div className="lane">
      <div className="controls">
        <SendButton count={1} rule={rule} busy={state.pending > 0} send={sendMany} />
        <SendButton count={BURST} rule={rule} busy={state.pending > 0} send={sendMany} />
      </div>
      <LaneChart
        arrivals={state.arrivals}
        isClosed={left > 0}
        label={counts ? `Answers to ${rule}: ${counts}` : `No answers to ${rule} yet`}
      />
      <div className="readout">
        <div className="tally">
          {last && <p>{counts}</p>}
          <p>
            {left > 0 && (
              <span className="countdown">
                closed, opens in <b>{clock(left)}</b>
              </span>
            )}
            <output className="reopened">{isOver && "The gate is open again."}</output>
          </p>
        </div>
        <RequestChoice rule={rule} samples={samples} chosen={chosen} choose={choose} />
        {last && <Status answer={last} />}
        {last && <LimitHeaders headers={last.headers} />}
      </div>
      {/* Each answer of a burst read out would be noise; its end is worth hearing. */}
      <output className="aside">{isDone && `${rule}: ${counts}. Last: ${last.status}.`}</output>
    </div>
  );
}

interface LaneProps {
  readonly rule: string;
  /** What can be sent: one at least. */
  readonly samples: readonly SampleRequest[];
}

function SendButton({ count, rule, busy, send }: SendButtonProps) {
  return (
    // Not disabled meanwhile: that would take the focus away from whoever pressed it.
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

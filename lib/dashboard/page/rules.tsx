/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import type { History, Series, Snapshot } from "#lib/dashboard/model";
import { Chart, type Panel } from "./chart.tsx";
import type { Line } from "./line.ts";
import { outcomesOf } from "./merge.ts";
import { count } from "./numbers.ts";
import type { Outcome } from "./outcomes.ts";
import { RulesTable } from "./rules-table.tsx";

/** The decisions of rules: a chart of one rule or of all, and a row for each rule. */
export function Rules({ snapshot, history }: { snapshot: Snapshot; history: History | undefined }) {
  const [chosen, choose] = useState<string>();
  const [span, setSpan] = useState<keyof History>("hour");
  const { rules, rateSpanMs } = snapshot;
  // A rule that the policy no longer has is no longer selected.
  const rule = rules.some(({ name }) => name === chosen) ? chosen : undefined;
  const series = history?.[span];
  return (
    <section aria-labelledby="rules">
      <div class="section-head">
        <h2 id="rules">Decisions by rule</h2>
        <p>A request that several rules match counts once for each of them.</p>
      </div>
      <div class="controls">
        <label>
          Chart of
          <select
            value={rule ?? ""}
            onChange={({ currentTarget }) => choose(currentTarget.value || undefined)}
          >
            <option value="">all rules</option>
            {rules.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <fieldset class="switch">
          <legend class="aside">Span of the chart</legend>
          {(["hour", "day"] as const).map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="span"
                checked={span === each}
                onChange={() => setSpan(each)}
              />
              <span>last {each}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <Chart
        title={`Decisions of ${rule ?? "all rules"}, ${STEPS[span]}, last ${span}`}
        panels={series && panelsOf(series, rule)}
        start={series?.start ?? 0}
        stepMs={series?.stepMs ?? 60_000}
      />
      <RulesTable rules={rules} rateSpanMs={rateSpanMs} chosen={rule} onChoose={choose} />
    </section>
  );
}

const STEPS: Readonly<Record<keyof History, string>> = {
  hour: "by minute",
  day: "by ten minutes",
};

/** Returns two panels, because denied requests would be a flat line on the scale of allowed ones. */
function panelsOf(series: Series, rule: string | undefined): readonly Panel[] {
  const outcomes = outcomesOf(series, rule);
  const line = (name: string, look: Outcome): Line => ({
    name,
    unit: "",
    look,
    values: outcomes[look],
    format: count,
  });
  return [
    { unit: "allowed", height: 190, lines: [line("allowed", "allowed")] },
    {
      unit: "denied and others",
      height: 190,
      lines: [
        line("denied", "denied"),
        line("would deny", "shadowDenied"),
        line("degraded", "degraded"),
      ],
    },
  ];
}

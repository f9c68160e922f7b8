/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import type { Outcomes, RuleNow } from "#lib/dashboard/model";
import { arranged, type Order } from "./arrange.ts";
import { count, percent, rate } from "./numbers.ts";
import { sumOf } from "./outcomes.ts";
import { Scroll } from "./scroll.tsx";

/** The number of rules from which they can be searched and sorted. */
const MANY = 10;

interface Props {
  readonly rules: readonly RuleNow[];
  readonly rateSpanMs: number;
  /** The rule of the chart; undefined for all. */
  readonly chosen: string | undefined;
  readonly onChoose: (rule: string | undefined) => void;
}

/** A table with a row for all rules, and then one for each rule. */
export function RulesTable({ rules, rateSpanMs, chosen, onChoose }: Props) {
  const [search, setSearch] = useState("");
  const [order, setOrder] = useState<Order>("policy");
  const shown = arranged(rules, search, order);
  return (
    <>
      {rules.length >= MANY && (
        <div class="controls">
          <label>
            Find a rule
            <input
              type="search"
              value={search}
              onInput={({ currentTarget }) => setSearch(currentTarget.value)}
            />
          </label>
          <label>
            Order
            <select
              value={order}
              onChange={({ currentTarget }) => setOrder(currentTarget.value as Order)}
            >
              <option value="policy">as in the policy</option>
              <option value="denied">most denied first</option>
              <option value="shadowDenied">most would deny first</option>
            </select>
          </label>
          <p class="quiet">
            {shown.length} of {rules.length} rules
          </p>
        </div>
      )}
      <Scroll label="Rules and their decisions">
        <table class="rules">
          <Head mean={`a second, mean of the last ${rateSpanMs / 1000} s`} />
          <tbody>
            <Row
              name="all rules"
              now={sumOfRates(rules)}
              hour={sumOf(rules.map(({ lastHour }) => lastHour))}
              isChosen={chosen === undefined}
              onChoose={() => onChoose(undefined)}
            />
            {shown.map((rule) => (
              <Row
                key={rule.name}
                name={rule.name}
                rule={rule}
                now={rule.perSecond}
                hour={rule.lastHour}
                isChosen={chosen === rule.name}
                onChoose={() => onChoose(rule.name)}
              />
            ))}
          </tbody>
        </table>
        {rules.length > 0 && shown.length === 0 && <p class="none">No rule has this name.</p>}
        {rules.length === 0 && <p class="none">The policy has no rule.</p>}
      </Scroll>
    </>
  );
}

function Head({ mean }: { mean: string }) {
  return (
    <thead>
      <tr>
        <th scope="col" rowSpan={2}>
          rule
        </th>
        <th scope="colgroup" colSpan={3} class="group">
          {mean}
        </th>
        <th scope="colgroup" colSpan={5} class="group">
          last hour
        </th>
        <th scope="col" rowSpan={2} class="limits">
          limits
        </th>
      </tr>
      <tr>
        {["allowed", "denied", "degraded"].map((name) => (
          <th key={name} scope="col" class="number">
            {name}
          </th>
        ))}
        {["allowed", "denied", "degraded", "would deny", "denied, %"].map((name) => (
          <th key={name} scope="col" class="number">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface RowProps {
  readonly name: string;
  readonly rule?: RuleNow;
  readonly now: Outcomes | undefined;
  readonly hour: Outcomes;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function Row({ name, rule, now, hour, isChosen, onChoose }: RowProps) {
  const decisions = hour.allowed + hour.denied + hour.shadowDenied + hour.degraded;
  return (
    <tr class={isChosen ? "chosen" : undefined}>
      <th scope="row">
        <button type="button" aria-pressed={isChosen} onClick={onChoose}>
          {name}
        </button>
        {rule && <Tag rule={rule} />}
      </th>
      <Cell value={now?.allowed} text={rate(now?.allowed)} />
      <Cell value={now?.denied} text={rate(now?.denied)} tone="denied" />
      <Cell value={now?.degraded} text={rate(now?.degraded)} tone="degraded" />
      <Cell value={hour.allowed} text={count(hour.allowed)} />
      <Cell value={hour.denied} text={count(hour.denied)} tone="denied" />
      <Cell value={hour.degraded} text={count(hour.degraded)} tone="degraded" />
      <Cell value={hour.shadowDenied} text={count(hour.shadowDenied)} tone="shadowDenied" />
      <Cell value={hour.denied} text={percent(hour.denied, decisions)} />
      <td class="limits">
        {rule?.limits.map(({ amount, who, tier }) => (
          <div key={`${amount} ${who} ${tier}`}>
            {amount} <span class="quiet">by {who}</span>
            {tier !== undefined && <span class="quiet">, {tier}</span>}
          </div>
        ))}
      </td>
    </tr>
  );
}

/** A cell. Zeros are muted, so that other numbers stand out. */
function Cell(props: { value: number | undefined; text: string; tone?: string }) {
  const tone = props.value ? (props.tone ?? "") : "zero";
  return <td class={`number ${tone}`}>{props.text}</td>;
}

function Tag({ rule: { enforced, isInPolicy } }: { rule: RuleNow }) {
  if (!isInPolicy)
    return (
      <span
        class="tag"
        title="Another instance counts this name, but the policy of this instance has no such rule."
      >
        not in this policy
      </span>
    );
  if (enforced >= 100) return null;
  return <span class="tag">{enforced === 0 ? "shadow" : `enforced for ${enforced} %`}</span>;
}

function sumOfRates(rules: readonly RuleNow[]): Outcomes | undefined {
  const known = rules.flatMap(({ perSecond }) => perSecond ?? []);
  return known.length > 0 ? sumOf(known) : undefined;
}

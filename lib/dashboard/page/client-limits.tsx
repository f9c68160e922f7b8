/** @jsxImportSource preact */
import type { InspectedRule, Inspection } from "#lib/dashboard/model";
import { age, count } from "./numbers.ts";

/** The limits that have counted a client, rule by rule, and what each rule would decide now. */
export function ClientLimits({ inspection: { rules, countedIn } }: { inspection: Inspection }) {
  return (
    <>
      {countedIn === "process" && (
        <p class="none">No store is named: these are the counts of one process alone.</p>
      )}
      {rules.length === 0 && <p class="none">No limit has counted anything of this client.</p>}
      <div class="lists">
        {rules.map((rule) => (
          <table key={`${rule.rule} ${rule.tier} ${rule.isShadow}`}>
            <caption>
              {rule.rule}
              {rule.tier !== null && ` (${rule.tier})`} <Verdict {...rule} />
            </caption>
            <thead>
              <tr>
                <th scope="col">limit</th>
                {["used", "of", "left", "more in"].map((name) => (
                  <th key={name} scope="col" class="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rule.limits.map(({ name, used, limit, remaining, resetMs }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td class="number">{count(used)}</td>
                  <td class="number">{count(limit)}</td>
                  <td class={`number ${remaining > 0 ? "" : "denied"}`}>{count(remaining)}</td>
                  <td class="number">{age(resetMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ))}
      </div>
    </>
  );
}

function Verdict(rule: InspectedRule) {
  return <span class={rule.hasCapacity ? "quiet" : "verdict"}>{verdictOf(rule)}</span>;
}

/** Returns in words what a rule would decide now of one more request, and why. */
export function verdictOf({ isShadow, hasCapacity, retryAfterMs, limits }: InspectedRule): string {
  const shadow = isShadow ? ", and the rule is in shadow" : "";
  if (hasCapacity) return `allowed${shadow}`;
  const full = limits.filter(({ waitMs }) => waitMs !== 0).map(({ name }) => name);
  const when =
    retryAfterMs === null
      ? "a request costs more than the limit"
      : `allowed again in ${age(retryAfterMs)}`;
  return `denied by ${full.join(", ")}; ${when}${shadow}`;
}

/** @jsxImportSource preact */
import type { ClientFound, RuleFound } from "./complete.ts";
import { age, count } from "./numbers.ts";
import { verdictOf } from "./verdict.ts";

/** The limits that have counted a client, rule by rule, and what each rule would decide now. */
export function ClientLimits({ found }: { found: ClientFound }) {
  const { listed, rules, countedIn } = found;
  return (
    <>
      {listed && (
        <p class="verdict">
          {listed.list === "block" ? "Blocked" : "Allowed without being counted"} by {listed.id}
          {listed.reason && `: ${listed.reason}`}
        </p>
      )}
      {countedIn === "process" && (
        <p class="none">No store is configured: these are the counts of one process only.</p>
      )}
      {rules.length === 0 && <p class="none">No limit has counted this client.</p>}
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

function Verdict(rule: RuleFound) {
  return <span class={rule.isAllowed ? "quiet" : "verdict"}>{verdictOf(rule)}</span>;
}

import { ALGORITHMS } from "#app/_page/rule-words";
import policy from "#config/rate-limits";
import { type Algorithm, type CompiledRule, compilePolicy } from "headgate/policy";
import { AtWork } from "./_page/at-work.tsx";
import { GateDrawing } from "./_page/gate-drawing.tsx";
import { Legend } from "./_page/legend.tsx";
import { PolicyTable } from "./_page/policy-table.tsx";
import { exemptPaths } from "./_page/sample-request.ts";
import { TokenProvider } from "./_page/use-token.tsx";
import "./_page/sheet.css";
import "./_page/lane.css";
import "./_page/at-work.css";

const compiled = compilePolicy(policy);
const rules = [...compiled.rules.values()];
const limits = rules.flatMap(limitsOf);

/** The start page: dedup and locks to be tried, what the policy says, and each rule to be tried. */
export default function Page() {
  return (
    <main className="sheet">
      <Masthead />
      <TokenProvider>
        <AtWork />
        <section aria-labelledby="rules">
          <div className="heading">
            <h2 id="rules">The policy</h2>
            <p>
              A request is allowed when every limit of every rule that matches has capacity left. A
              denied request consumes nothing. A bar shows what the gate decided; a 401 or 404 after
              it comes from the route itself.
            </p>
          </div>
          <Legend />
          <PolicyTable policy={compiled} />
        </section>
      </TokenProvider>
      <div className="notes">
        <Exempt />
        <Algorithms />
      </div>
      <footer>
        This sheet is <code>config/rate-limits.ts</code>, read when the app was built.
      </footer>
    </main>
  );
}

function Masthead() {
  const figures = [
    ["Rules", rules.length],
    ["Limits", limits.length],
    ["Exempt paths", compiled.exempt.length],
  ] as const;
  return (
    <header className="masthead">
      <div>
        <h1>Headgate</h1>
        <p className="lead">
          Limits what may come into a Next.js app, at the edge, before a request reaches a handler.
        </p>
        <dl className="figures">
          {figures.map(([name, count]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{count}</dd>
            </div>
          ))}
        </dl>
      </div>
      <GateDrawing />
    </header>
  );
}

function Exempt() {
  const paths = exemptPaths(compiled);
  return (
    <section aria-labelledby="exempt">
      <h2 id="exempt">Without a limit</h2>
      {compiled.exempt.length === 0 && <p>No path is exempt.</p>}
      <dl>
        {compiled.exempt.map(({ pattern, reason }) => (
          <div key={pattern}>
            <dt>
              <code>{pattern}</code>
            </dt>
            <dd>
              {reason}
              {paths.get(pattern)?.map((path) => (
                <a key={path} className="open" href={path}>
                  Open {path}
                </a>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Algorithms() {
  const used = new Set<Algorithm>(limits.map(({ algorithm }) => algorithm));
  return (
    <section aria-labelledby="algorithms">
      <h2 id="algorithms">How it is counted</h2>
      <dl>
        {[...used].map((algorithm) => (
          <div key={algorithm}>
            <dt>{algorithm}</dt>
            <dd>{ALGORITHMS[algorithm]}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function limitsOf(rule: CompiledRule) {
  return rule.tiers ? [...rule.tiers.limits.values()].flat() : rule.limits;
}

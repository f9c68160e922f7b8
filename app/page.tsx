import { describeRule, type RuleWords } from "#app/_domain/rule-words";
import policy from "#config/rate-limits";
import { compilePolicy } from "#lib/policy/compile";
import { SearchButton } from "./search-button.tsx";

const { rules, exempt } = compilePolicy(policy);

/** The start page: what the policy says, and a search to see it at work. */
export default function Page() {
  return (
    <main>
      <header>
        <h1>Headgate</h1>
        <p>
          Every request to this app passes a gate first. One file says how much may come in; a store
          that all instances share keeps count.
        </p>
      </header>
      <section aria-labelledby="try">
        <h2 id="try">Try it</h2>
        <p>Search the artists a few times, until the gate says no.</p>
        <SearchButton />
      </section>
      <section aria-labelledby="rules">
        <h2 id="rules">The rules</h2>
        <p>A request passes when every limit of every rule that matches has room.</p>
        <ul className="rules">
          {[...rules.values()].map(describeRule).map((rule) => (
            <Rule key={rule.name} rule={rule} />
          ))}
        </ul>
      </section>
      <section aria-labelledby="exempt">
        <h2 id="exempt">Without a limit</h2>
        <dl className="exempt">
          {exempt.map(({ pattern, reason }) => (
            <div key={pattern}>
              <dt>
                <code>{pattern}</code>
              </dt>
              <dd>{reason}</dd>
            </div>
          ))}
        </dl>
      </section>
    </main>
  );
}

function Rule({ rule }: { readonly rule: RuleWords }) {
  return (
    <li className="card">
      <h3>{rule.name}</h3>
      <ul className="limits">
        {rule.limits.map(({ amount, who }) => (
          <li key={`${amount} ${who}`}>
            <strong>{amount}</strong> for {who}
          </li>
        ))}
      </ul>
      <dl>
        <div>
          <dt>Paths</dt>
          <dd>{rule.paths.length > 0 ? <Paths paths={rule.paths} /> : "counted by handlers"}</dd>
        </div>
        <div>
          <dt>Methods</dt>
          <dd>{rule.methods}</dd>
        </div>
        {rule.replaces.length > 0 && (
          <div>
            <dt>In place of</dt>
            <dd>{rule.replaces.join(", ")}</dd>
          </div>
        )}
        <div>
          <dt>If the store is down</dt>
          <dd>{rule.onStoreFailure}</dd>
        </div>
      </dl>
    </li>
  );
}

function Paths({ paths }: { readonly paths: readonly string[] }) {
  return paths.map((path) => (
    <code key={path} className="path">
      {path}
    </code>
  ));
}

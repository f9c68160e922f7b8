import { shownUser } from "#app/_domain/auth/current";
import { offersSampleSignIn } from "#app/_domain/auth/sample-sign-in";
import { currentRequest } from "#app/_domain/http/current-request";
import { ALGORITHMS } from "#app/_page/rule-words";
import { environment } from "#config/app-env";
import policy from "#config/rate-limits";
import { type Algorithm, type CompiledRule, compilePolicy } from "headgate/policy";
import { AtWork } from "./_page/at-work.tsx";
import { GateDrawing } from "./_page/gate-drawing.tsx";
import { Legend } from "./_page/legend.tsx";
import { PolicyTable } from "./_page/policy-table.tsx";
import { exemptPaths } from "./_page/sample-request.ts";
import { SessionBar } from "./_page/session-bar.tsx";
import { SessionProvider } from "./_page/use-session.tsx";
import { TokenProvider } from "./_page/use-token.tsx";
import "./_page/sheet.css";
import "./_page/lane.css";
import "./_page/at-work.css";

const compiled = compilePolicy(policy);
const rules = [...compiled.rules.values()];
const limits = rules.flatMap(limitsOf);

/**
 * The start page: the policy, a way to try each rule, then dedup and locks. It is rendered for each
 * request, because it shows the signed-in user; the policy is compiled once.
 */
export default async function Page() {
  const request = await currentRequest("GET");
  const caller = await shownUser(request);
  const session = {
    user: caller?.user,
    role: caller?.role,
    isSignInOffered: offersSampleSignIn(request, environment()),
  };
  return (
    <main className="sheet">
      <Masthead />
      <TokenProvider>
        <SessionProvider session={session}>
          <section aria-labelledby="rules">
            <div className="heading">
              <h2 id="rules">The policy</h2>
              <p>
                A request is allowed when every limit of every matching rule has capacity left; a
                denied request consumes nothing. Each bar is one request, in the order of the
                decisions. An allowed bar crosses the dotted line, the gate.
              </p>
            </div>
            <SessionBar />
            <Legend />
            <PolicyTable policy={compiled} />
          </section>
          <AtWork />
        </SessionProvider>
      </TokenProvider>
      <div className="notes">
        <Exempt />
        <Algorithms />
        <Documents />
      </div>
      <footer>
        This page shows the policy in <code>config/rate-limits.ts</code> as it was when the app was
        built.
      </footer>
    </main>
  );
}

function Masthead() {
  const figures = [
    [rules.length, "rules"],
    [limits.length, "limits"],
    [compiled.exempt.length, "exempt paths"],
  ] as const;
  return (
    <header className="masthead">
      <div>
        <h1>Headgate</h1>
        <p className="lead">
          Limits the requests to a Next.js app, at the edge, before they reach a handler.
        </p>
        <ul className="figures">
          {figures.map(([count, name]) => (
            <li key={name}>
              <b>{count}</b> {name}
            </li>
          ))}
        </ul>
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

/** Names files, because the page cannot know where a person reads this repository. */
function Documents() {
  return (
    <section aria-labelledby="documents">
      <h2 id="documents">Documentation</h2>
      <dl>
        {DOCUMENTS.map(([file, what]) => (
          <div key={file}>
            <dt>
              <code>{file}</code>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const DOCUMENTS = [
  ["README.md", "What Headgate is, and how to limit an app with it."],
  ["docs/guides/write-a-rule.md", "How to write a rule."],
  ["docs/concepts/store-failure.md", "What happens when the store fails."],
  ["docs/reference/commands.md", "Every command, including the one for tokens."],
] as const;

function limitsOf(rule: CompiledRule) {
  return rule.tiers ? [...rule.tiers.limits.values()].flat() : rule.limits;
}

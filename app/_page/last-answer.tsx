import { type Answer, statusInWords } from "./answer.ts";
import { readLimits } from "./limit-status.ts";

/** The status of the last answer, and how long it took. */
export function Status({ answer }: { readonly answer: Answer }) {
  return (
    <p className="status">
      Last: <strong>{statusInWords(answer)}</strong> in {Math.round(answer.durationMs)} ms
    </p>
  );
}

/** The remaining capacity of each limit, from the last answer's headers. */
export function Remaining({ headers }: { readonly headers: Headers }) {
  const known = readLimits(headers).filter(({ remaining }) => remaining !== undefined);
  return (
    <ul className="remaining">
      {known.map(({ name, quota, remaining }) => (
        <li key={name}>
          {name}: {remaining} of {quota} left
        </li>
      ))}
    </ul>
  );
}

/** The headers about limits, unchanged, in a folded list. */
export function LimitHeaders({ headers }: { readonly headers: Headers }) {
  const all = [...headers];
  if (all.length === 0) return <p>The answer has no headers about limits.</p>;
  return (
    <details>
      <summary>Headers</summary>
      <dl className="headers">
        {all.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

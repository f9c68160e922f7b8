import { type LimitStatus, readLimits } from "./limit-status.ts";
import type { Answer } from "./answer.ts";

/** What the last answer was, and how long it took. */
export function Status({ answer: { status, durationMs } }: { readonly answer: Answer }) {
  return (
    <p className="status">
      <strong>{status}</strong> in {Math.round(durationMs)} ms
    </p>
  );
}

/** The headers that speak of limits, as they came, and what they say. */
export function LimitHeaders({ headers }: { readonly headers: Headers }) {
  const all = [...headers];
  if (all.length === 0) return <p>No header speaks of a limit.</p>;
  return (
    <>
      <dl className="headers">
        {all.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Room limits={readLimits(headers)} />
    </>
  );
}

function Room({ limits }: { readonly limits: readonly LimitStatus[] }) {
  const known = limits.filter(({ remaining }) => remaining !== undefined);
  return (
    <ul className="room">
      {known.map(({ name, quota, remaining }) => (
        <li key={name}>
          {name}: {remaining} of {quota} left
        </li>
      ))}
    </ul>
  );
}

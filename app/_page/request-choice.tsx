import { FRESH } from "./samples.ts";
import type { SampleRequest } from "./sample-request.ts";
import { useIsSignedInAs } from "./use-session.tsx";

/** The request that a lane sends, with a choice when there are several. */
export function RequestChoice({ rule, samples, chosen, choose }: ChoiceProps) {
  const sample = samples[chosen];
  const isSignedIn = useIsSignedInAs(sample?.needs);
  return (
    <div className="request">
      {samples.length > 1 ? (
        <select
          aria-label={`What to send to ${rule}`}
          value={chosen}
          onChange={(event) => choose(Number(event.target.value))}
        >
          {samples.map((sample, at) => (
            <option key={line(sample)} value={at}>
              {line(sample)}
            </option>
          ))}
        </select>
      ) : (
        sample && <code>{line(sample)}</code>
      )}{" "}
      {/* The note describes what the route does, which is of no use to a caller that the route rejects. */}
      {sample?.note !== undefined && isSignedIn && <span className="note">{sample.note}</span>}{" "}
      {sample?.body && Object.keys(sample.body).length > 0 && (
        <code className="body">{bodyOf(sample.body)}</code>
      )}
    </div>
  );
}

function line({ method, path }: SampleRequest): string {
  return `${method} ${path}`;
}

/** Formats a body with spaces where a line may break. */
function bodyOf(body: object): string {
  return JSON.stringify(body).replaceAll(FRESH, "…").replaceAll(',"', ', "');
}

interface ChoiceProps {
  readonly rule: string;
  readonly samples: readonly SampleRequest[];
  /** The index of the chosen request. */
  readonly chosen: number;
  readonly choose: (at: number) => void;
}

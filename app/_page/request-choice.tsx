import { FRESH } from "./samples.ts";
import type { SampleRequest } from "./sample-request.ts";
import { useIsSignedInAs } from "./use-session.tsx";

/** The request that a lane sends, as a choice where there are several. */
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
      {/* What the route does is of no use to a caller that it rejects. */}
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

/** With a space where a line may break. */
function bodyOf(body: object): string {
  return JSON.stringify(body).replaceAll(FRESH, "…").replaceAll(',"', ', "');
}

interface ChoiceProps {
  readonly rule: string;
  readonly samples: readonly SampleRequest[];
  /** The place of the request that is sent. */
  readonly chosen: number;
  readonly choose: (at: number) => void;
}

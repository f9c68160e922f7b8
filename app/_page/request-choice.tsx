import { FRESH } from "./samples.ts";
import type { SampleRequest } from "./sample-request.ts";

/** The request that a lane sends, to be chosen where there are several. */
export function RequestChoice({ rule, samples, chosen, choose }: ChoiceProps) {
  const sample = samples[chosen];
  return (
    <>
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
      )}
      {sample?.body && Object.keys(sample.body).length > 0 && (
        <code className="body">{JSON.stringify(sample.body).replaceAll(FRESH, "…")}</code>
      )}
      {sample?.note !== undefined && <p className="note">{sample.note}</p>}
    </>
  );
}

function line({ method, path }: SampleRequest): string {
  return `${method} ${path}`;
}

interface ChoiceProps {
  readonly rule: string;
  readonly samples: readonly SampleRequest[];
  /** The place of the one that is sent. */
  readonly chosen: number;
  readonly choose: (at: number) => void;
}

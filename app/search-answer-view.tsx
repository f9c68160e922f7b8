import type { LimitStatus } from "#app/_domain/limit-status";
import { Countdown } from "./countdown.tsx";
import type { Answer } from "./search-answer.ts";

const SHOWN = 5;

/** What the gate and the search said; the live region is there before there is anything to say. */
export function AnswerView({ answer }: { readonly answer: Answer | undefined }) {
  return (
    <>
      <output className="status" data-refused={answer && answer.status !== 200}>
        {answer && <Status key={answer.id} answer={answer} />}
      </output>
      {answer && (
        <>
          {answer.retryAfter !== undefined && (
            <Countdown key={answer.id} seconds={answer.retryAfter} />
          )}
          <ul className="meters" aria-label="Limits">
            {answer.limits.map((limit) => (
              <LimitMeter key={limit.name} limit={limit} />
            ))}
          </ul>
          <Artists answer={answer} />
        </>
      )}
    </>
  );
}

function Status({ answer }: { readonly answer: Answer }) {
  return (
    <>
      {answer.status > 0 && <strong>{answer.status}</strong>} {answer.title}{" "}
      {answer.cache && <span className="cache">cache: {answer.cache}</span>}
    </>
  );
}

function LimitMeter({ limit: { name, quota, remaining } }: { readonly limit: LimitStatus }) {
  return (
    <li>
      <span>{name}</span>
      <span className="numbers">
        {remaining === undefined ? `limit ${quota}` : `${remaining} of ${quota} left`}
      </span>
      {remaining !== undefined && (
        <meter
          aria-label={`Room in ${name}`}
          min={0}
          max={quota}
          low={quota / 4}
          optimum={quota}
          value={remaining}
        />
      )}
    </li>
  );
}

function Artists({ answer: { artists } }: { readonly answer: Answer }) {
  if (artists.length === 0) return null;
  return (
    <ul className="artists" aria-label="Artists">
      {artists.slice(0, SHOWN).map((artist) => (
        <li key={artist.id}>
          <strong>{artist.name}</strong> @{artist.handle}
          <span>
            {artist.city} · {artist.styles.join(", ")}
          </span>
        </li>
      ))}
      {artists.length > SHOWN && <li className="more">and {artists.length - SHOWN} more</li>}
    </ul>
  );
}

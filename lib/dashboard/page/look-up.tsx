/** @jsxImportSource preact */
import { useEffect, useState } from "preact/hooks";
import { requestJson } from "./request-json.ts";
import { ClientLimits } from "./client-limits.tsx";
import { type ClientFound, readLookedUp } from "./complete.ts";
import { EntryList } from "./entry-list.tsx";
import type { Steps } from "./steps.ts";

/** A client key that is looked up. Each click makes a new object. */
export interface Wanted {
  readonly key: string;
}

interface Props {
  readonly wanted: Wanted | undefined;
  readonly onWant: (key: string) => void;
  readonly steps: Steps;
  /** Milliseconds of the browser's monotonic clock. */
  readonly now: number;
}

/** The result of a look-up: a client, and when on the same clock; or why it cannot be looked up. */
interface Answered {
  readonly found?: ClientFound;
  readonly at: number;
  readonly problem?: string;
}

/** The limits of one client, which is named by its client key. */
export function LookUp({ wanted, onWant, steps, now }: Props) {
  const [text, setText] = useState("");
  const [{ found, at, problem }, show] = useState<Answered>({ at: 0 });
  useEffect(() => {
    if (!wanted) return;
    let isLate = false;
    setText(wanted.key);
    void lookUp(wanted.key, (answered) => isLate || show(answered));
    return () => {
      isLate = true;
    };
  }, [wanted]);
  return (
    <>
      <form
        class="controls"
        onSubmit={(event) => {
          event.preventDefault();
          onWant(text.trim());
        }}
      >
        <label>
          Client key
          <input
            type="search"
            required
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <button type="submit">Look up</button>
      </form>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <p class="aside" aria-live="polite">
        {found && `Client ${found.key}`}
      </p>
      {found ? (
        <Client found={found} ageMs={now - at} steps={steps} />
      ) : (
        <p class="none">
          Click a client key, or paste one from the log: a denial has them in “clients”.
        </p>
      )}
    </>
  );
}

async function lookUp(key: string, show: (answered: Answered) => void): Promise<void> {
  const answer = await requestJson(`client.json?key=${encodeURIComponent(key)}`);
  const at = performance.now();
  if ("problem" in answer) return show({ problem: answer.problem, at });
  const found = readLookedUp(answer.value);
  show({ ...(found && { found }), at });
}

interface ClientProps {
  readonly found: ClientFound;
  /** How long ago it was found, in milliseconds. */
  readonly ageMs: number;
  readonly steps: Steps;
}

function Client({ found, ageMs, steps }: ClientProps) {
  const { key, set } = found;
  const { change } = steps;
  return (
    <div class="client">
      <h3>
        <code>{key}</code>
      </h3>
      {change && (
        <div class="controls">
          <button type="button" onClick={() => change.draft({ action: "block", client: key })}>
            Block
          </button>
          <button type="button" onClick={() => change.draft({ action: "allow", client: key })}>
            Allow
          </button>
          <button type="button" onClick={() => change.draft({ action: "override", client: key })}>
            Set another limit
          </button>
          <button type="button" onClick={() => change.reset(key)}>
            Reset
          </button>
        </div>
      )}
      <EntryList entries={set} ageMs={ageMs} steps={steps} />
      <ClientLimits found={found} />
    </div>
  );
}

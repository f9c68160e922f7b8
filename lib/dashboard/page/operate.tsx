/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import type { Changed, ControlNow, Snapshot } from "#lib/dashboard/model";
import { type Confirmation, confirmationOf, confirmationOfLift } from "./confirmation.ts";
import { ChangeForm } from "./change-form.tsx";
import { Clients } from "./clients.tsx";
import { Confirm } from "./confirm.tsx";
import { Entries } from "./entries.tsx";
import { bodyOf, EMPTY_DRAFT } from "./draft.ts";
import { LookUp, type Wanted } from "./look-up.tsx";
import { count } from "./numbers.ts";
import type { Draft, Steps } from "./steps.ts";

interface Props {
  readonly snapshot: Snapshot;
  /** Milliseconds of the browser's monotonic clock. */
  readonly now: number;
  readonly control: ControlNow | undefined;
  /** How long ago `control` was sent, in milliseconds. */
  readonly controlAgeMs: number;
  /** Called with what an answer says is set now. */
  readonly onControl: (control: unknown) => void;
}

/** Denied clients, the look-up of one client, and what is set while the app runs. */
export function Operate({ snapshot, now, control, controlAgeMs, onControl }: Props) {
  const [wanted, want] = useState<Wanted>();
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [confirmation, setConfirmation] = useState<Confirmation>();
  const [done, setDone] = useState("");
  const isAdmin = control !== undefined && control.admin !== null;
  const change = (fields: Partial<Draft>) => setDraft((now) => ({ ...now, ...fields }));
  const steps: Steps = {
    lookUp(key) {
      want({ key });
      document.getElementById("look-up")?.focus();
    },
    ...(isAdmin && {
      change: {
        draft(fields) {
          change(fields);
          // The form is drawn before the timer ends.
          setTimeout(() => document.querySelector<HTMLElement>(".change :invalid")?.focus());
        },
        lift: (entry) => setConfirmation(confirmationOfLift(entry)),
        reset: (client) => setConfirmation(confirmationOf({ action: "reset", client })),
      },
    }),
  };
  const finish = (value: unknown, { title, body }: Confirmation) => {
    const { control: set, freed } = (value ?? {}) as Partial<Changed>;
    // The button of an entry is removed with the entry.
    if (body.action === "remove") document.getElementById("in-force")?.focus();
    onControl(set);
    const counts = typeof freed === "number" ? ` ${count(freed)} counts are deleted.` : "";
    setDone(`Done: ${title.slice(0, -1)}.${counts}`);
    // The form is cleared for the next change, and a client that is shown is read again.
    if (body.action !== "remove" && body.action !== "reset") change({ client: "", reason: "" });
    want((now) => now && { ...now });
  };
  return (
    <>
      <Clients denied={snapshot.denied} since={snapshot.deniedSince} onLookUp={steps.lookUp} />
      <section aria-labelledby="look-up">
        <div class="section-head">
          <h2 id="look-up" tabIndex={-1}>
            One client
          </h2>
          <p>The limits of one client. Looking it up consumes nothing.</p>
        </div>
        <LookUp wanted={wanted} onWant={(key) => want({ key })} steps={steps} now={now} />
      </section>
      <section aria-labelledby="in-force">
        <div class="section-head">
          <h2 id="in-force" tabIndex={-1}>
            Set while the app runs
          </h2>
          <p>Entries take precedence over the policy, and end automatically.</p>
        </div>
        {isAdmin && (
          <ChangeForm
            draft={draft}
            rules={snapshot.rules}
            onDraft={change}
            onSubmit={() => setConfirmation(confirmationOf(bodyOf(draft)))}
          />
        )}
        <p class="done" aria-live="polite">
          {done}
        </p>
        <Entries control={control} ageMs={controlAgeMs} steps={steps} />
      </section>
      {confirmation && (
        <Confirm
          confirmation={confirmation}
          onDone={(value) => finish(value, confirmation)}
          onClose={() => setConfirmation(undefined)}
        />
      )}
    </>
  );
}

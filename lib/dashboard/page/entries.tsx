/** @jsxImportSource preact */
import type { ControlNow } from "#lib/dashboard/model";
import { EntryList } from "./entry-list.tsx";
import { count } from "./numbers.ts";
import type { Steps } from "./steps.ts";

interface Props {
  /** The entries; undefined until they are read. */
  readonly control: ControlNow | undefined;
  /** How long ago the entries were sent, in milliseconds. */
  readonly ageMs: number;
  readonly steps: Steps;
}

/** What is set while the app runs. */
export function Entries({ control, ageMs, steps }: Props) {
  if (!control) return <p class="none">The store has not been read yet.</p>;
  const { entries, more, isFollowed } = control;
  return (
    <>
      {!isFollowed && (
        <div class="notice warn">
          <strong>The gate does not follow these entries.</strong>
          <p>The settings of the gate must have live, of headgate/live.</p>
        </div>
      )}
      {entries.length > 0 ? (
        <EntryList entries={entries} ageMs={ageMs} steps={steps} />
      ) : (
        <p class="none">
          Nothing is set: only the policy decides. This list shows blocks, allowed clients, other
          limits and modes
          {steps.change ? "." : ", which admins set, here or by the command headgate block."}
        </p>
      )}
      {more > 0 && <p class="none">{count(more)} more end later.</p>}
    </>
  );
}

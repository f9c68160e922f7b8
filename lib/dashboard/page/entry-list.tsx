/** @jsxImportSource preact */
import type { ControlEntry } from "#lib/dashboard/model";
import { ClientKey } from "./client-key.tsx";
import { kindOf, settingOf, clientOf } from "./entry-words.ts";
import { countdown } from "./numbers.ts";
import type { Steps } from "./steps.ts";
import { dateOf } from "./times.ts";

interface Props {
  readonly entries: readonly ControlEntry[];
  /** How long ago they were sent, in milliseconds. */
  readonly ageMs: number;
  readonly steps: Steps;
}

/** Entries with a countdown to the end of each. An entry that has ended is no longer shown. */
export function EntryList({ entries, ageMs, steps }: Props) {
  return (
    <ul class="entries">
      {entries
        .filter(({ kind, endsInMs }) => kind === "unreadable" || endsInMs > ageMs)
        .map((entry) => (
          <li key={entry.id}>
            <div>
              <b class={entry.kind}>{kindOf(entry)}</b>{" "}
              <What entry={entry} onLookUp={steps.lookUp} />
              {!entry.isUsable && (
                <span
                  class="tag"
                  title="It cannot be read, or was made with another HEADGATE_SECRET: no gate follows it."
                >
                  not followed
                </span>
              )}
            </div>
            <div>
              {entry.reason}
              {entry.by && (
                <div class="by">
                  by {entry.by}, {dateOf(entry.at)}
                </div>
              )}
            </div>
            {entry.kind !== "unreadable" && (
              <div class="ends">
                ends in{" "}
                <time
                  dateTime={new Date(entry.until).toISOString()}
                  title={new Date(entry.until).toLocaleString()}
                >
                  {countdown(entry.endsInMs - ageMs)}
                </time>
              </div>
            )}
            {steps.change && (
              <button type="button" onClick={() => steps.change?.lift(entry)}>
                Lift
                <span class="aside">
                  {" "}
                  {kindOf(entry)} {settingOf(entry)} {clientOf(entry)}
                </span>
              </button>
            )}
          </li>
        ))}
    </ul>
  );
}

function What({ entry, onLookUp }: { entry: ControlEntry; onLookUp: Steps["lookUp"] }) {
  if (entry.kind === "unreadable") return <code>{entry.id}</code>;
  const setting = settingOf(entry);
  if (!("client" in entry)) return setting;
  const { client } = entry;
  return (
    <>
      {setting && `${setting} for `}
      {client && "clientKey" in client ? (
        <ClientKey value={clientOf(entry)} onLookUp={onLookUp} />
      ) : (
        <span class={client ? undefined : "quiet"}>{clientOf(entry)}</span>
      )}
    </>
  );
}

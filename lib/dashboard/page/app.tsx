/** @jsxImportSource preact */
import { useEffect, useState } from "preact/hooks";
import { Masthead } from "./masthead.tsx";
import { type Notice, noticesOf, spokenOf } from "./notices.ts";
import { age } from "./numbers.ts";
import { Operate } from "./operate.tsx";
import { Rules } from "./rules.tsx";
import { Store } from "./store.tsx";
import { Tools } from "./tools.tsx";
import { ageOf, type View } from "./view.ts";

interface Props {
  readonly view: View;
  readonly title: string;
  /** Milliseconds of the browser's monotonic clock. */
  readonly now: number;
  /** Called with the new entries from an answer. */
  readonly onControl: (control: unknown) => void;
}

/** The whole page. */
export function App({ view, title, now, onControl }: Props) {
  const { connection, snapshot, history, control } = view;
  const notices = noticesOf(connection, snapshot);
  const ageMs = ageOf(view, now);
  const isStale = connection === "lost" || connection === "refused";
  return (
    <div class="sheet">
      <Masthead
        title={title}
        snapshot={snapshot}
        control={control?.now}
        ageMs={ageMs}
        isStale={isStale}
      />
      <Spoken notices={notices} />
      {notices.map((notice) => (
        <NoticeBox
          key={notice.title}
          notice={notice}
          detail={connection === "lost" && notice === notices[0] ? ageWords(ageMs) : undefined}
        />
      ))}
      {snapshot ? (
        <div class={isStale ? "numbers stale" : "numbers"}>
          <Store store={snapshot.store} rateSpanMs={snapshot.rateSpanMs} history={history} />
          <Rules snapshot={snapshot} history={history} />
          <Operate
            snapshot={snapshot}
            now={now}
            control={control?.now}
            controlAgeMs={control ? now - control.receivedAt : 0}
            onControl={onControl}
          />
          <Tools tools={snapshot.tools} />
        </div>
      ) : (
        <Skeleton />
      )}
    </div>
  );
}

function ageWords(ageMs: number | undefined): string {
  return ageMs === undefined
    ? "No number has arrived yet."
    : `The numbers below are ${age(ageMs)} old.`;
}

/** Announces changes of state to a screen reader, politely, and not each snapshot. */
function Spoken({ notices }: { notices: readonly Notice[] }) {
  const [wasTold, tell] = useState(false);
  const words = spokenOf(notices, wasTold);
  useEffect(() => {
    if (words !== "") tell(true);
  }, [words]);
  return <output class="aside">{words}</output>;
}

function NoticeBox({ notice, detail }: { notice: Notice; detail: string | undefined }) {
  const lines = detail === undefined ? notice.lines : [...notice.lines, detail];
  return (
    <div class={`notice ${notice.tone}`}>
      <strong>{notice.title}</strong>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      <div />
      <div />
      <div />
    </div>
  );
}

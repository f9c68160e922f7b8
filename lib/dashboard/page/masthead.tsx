/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";
import type { ControlNow, Snapshot } from "#lib/dashboard/model";
import { age, count } from "./numbers.ts";
import { zoneAt } from "./times.ts";

/** Numbers older than this are marked, in milliseconds. */
const OLD_MS = 5_000;

const SOURCES: Readonly<Record<Snapshot["source"], string>> = {
  "pub-sub": "live by Redis Pub/Sub",
  polling: "polling",
};
const MODES: Readonly<Record<Snapshot["store"]["mode"], string>> = {
  enforce: "enforce",
  shadow: "shadow: nothing is denied",
  off: "off: nothing is denied",
};

interface Props {
  readonly title: string;
  readonly snapshot: Snapshot | undefined;
  readonly control: ControlNow | undefined;
  readonly ageMs: number | undefined;
  readonly isStale: boolean;
}

/** The name of the page, and facts about all of its numbers. */
export function Masthead({ title, snapshot, control, ageMs, isStale }: Props) {
  return (
    <header class="masthead">
      <h1>{title}</h1>
      {snapshot && (
        <dl class="facts">
          <Fact name="Numbers" isBad={isStale || ageMs === undefined || ageMs > OLD_MS}>
            <AsOf snapshot={snapshot} ageMs={ageMs} />
          </Fact>
          <Fact name="Source">{SOURCES[snapshot.source] ?? snapshot.source}</Fact>
          <Fact name="Namespace">
            <code>{snapshot.namespace}</code>
          </Fact>
          <Fact name="Gate" isBad={snapshot.store.mode !== "enforce"}>
            {MODES[snapshot.store.mode] ?? snapshot.store.mode}
          </Fact>
          {control && (
            <Fact name="Set while it runs">
              <a href="#in-force">{count(control.entries.length + control.more)}</a>
            </Fact>
          )}
          <Fact name="Breaker" isBad={snapshot.store.breaker === "open"}>
            {snapshot.store.breaker}
          </Fact>
          <Fact name="Times">{zoneAt(snapshot.sentAt)}</Fact>
        </dl>
      )}
    </header>
  );
}

function AsOf({ snapshot, ageMs }: { snapshot: Snapshot; ageMs: number | undefined }) {
  const { readAt } = snapshot;
  if (ageMs === undefined || readAt === null) return "the store has not been read yet";
  const time = new Date(readAt);
  return (
    <time dateTime={time.toISOString()} title={time.toLocaleString()}>
      as of {age(ageMs)} ago
    </time>
  );
}

function Fact(props: { name: string; isBad?: boolean; children: ComponentChildren }) {
  return (
    <div class={props.isBad ? "bad" : undefined}>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

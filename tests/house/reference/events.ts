import { fieldsOf } from "./fields.ts";
import { LOG_LINES } from "./log-lines.ts";
import { type Page, pageOf, table } from "./page.ts";
import { readTypes } from "./types.ts";

const TYPES = readTypes("lib/core/events.ts");
const DOUBT = readTypes("lib/core/doubt.ts").get("Doubt");

const INTRODUCTION = `Headgate reports each decision, each store call and each failure as an event to the listeners of \`onEvent\`. The type is \`HeadgateEvent\` of \`headgate\`. Times in events are milliseconds with fractions, on the monotonic clock of the instance.

- Each event is one plain object with a \`kind\`. No event holds personal data, or the key of a lock or a claim. The client key of a limit is only what \`clients()\` of a decision returns, so an event that is written as JSON holds no client key. The \`error\` of another library may hold a value: log its name, not its message.
- Events of requests are reported after the response, through \`waitUntil\`. Events of the store, its breaker, locks, dedup and idempotency are reported when they happen: a listener that works for long delays that call. A listener that calls the store through the gate must ignore \`store\` events, because its own calls are reported too.
- Reporting never throws into the caller and is not waited for. What a listener throws is dropped, and the other listeners are called.
- \`headgate/otel\` turns events into metrics and spans ([OpenTelemetry](../operate/opentelemetry.md)).
- With \`onEvent: []\` no event of a request is made. Without \`onEvent\` the [log](#what-the-log-writes) listens.`;

const LISTEN = `\`\`\`ts
import { createHeadgate, fromEnv, type HeadgateEvent, logEvents } from "headgate";
import policy from "#config/rate-limits";

const counts = new Map<string, number>();

function count(event: HeadgateEvent): void {
  if (event.kind !== "lock" && event.kind !== "dedup" && event.kind !== "idempotency") return;
  const name = \`\${event.kind} \${event.state}\`;
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

const log = logEvents((line) => console.warn(line));
export const gate = createHeadgate(policy, () => ({ ...fromEnv(), onEvent: [log, count] }));
\`\`\`

An app reports its own failures to the same listeners:

\`\`\`ts
gate.emit({ kind: "failure", during: "app", name: "search cache", error });
\`\`\``;

const LOG = `\`logEvents\` writes one line of JSON for an event that a person should read later, and nothing for success: no line for a lock that was acquired or contended, nor for a claim. It writes ten lines of each kind a second; it counts the further ones and writes a line \`suppressed\`. Every line has \`"source":"headgate"\`, a \`level\` and the \`event\` that names its kind. An \`error\` has \`code\` and \`message\` when it is Headgate's own, and otherwise only a \`name\`, because other messages may hold values. Lines of decisions also have \`mode\` when it is not "enforce".`;

/** The events in the order of the union. */
function events() {
  return (TYPES.get("HeadgateEvent")?.members ?? []).flatMap(({ type }) => {
    const declared = TYPES.get(type);
    const kind = declared?.properties.find(({ name }) => name === "kind")?.type;
    if (!declared || kind === undefined) throw new Error(`${type} is not an event.`);
    // An address event has the fields of a doubt.
    const inherited = declared.extends.includes("Doubt") ? (DOUBT?.properties ?? []) : [];
    return { type, kind: kind.replaceAll('"', ""), declared, inherited };
  });
}

export const EVENTS: Page = {
  path: "docs/reference/events.md",
  build: () =>
    pageOf(
      "# Events",
      INTRODUCTION,
      LISTEN,
      ...events().flatMap(({ type, kind, declared, inherited }) => [
        `## ${kind}`,
        declared.doc.text,
        ...fieldsOf(type, TYPES, { properties: [...declared.properties, ...inherited] }),
      ]),
      "## What the log writes",
      LOG,
      table(
        ["line", "level", "when", "its fields"],
        Object.entries(LOG_LINES).map(([line, { level, when, fields }]) => [
          `\`${line}\``,
          level,
          when,
          fields,
        ]),
      ),
    ),
};

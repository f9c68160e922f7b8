/** @jsxImportSource preact */
import type { ToolsNow } from "#lib/dashboard/model";
import { count } from "./numbers.ts";

/** A number of a tool: its name, the number, and what it means. */
type Row = readonly [name: string, value: number | undefined, means: string];

/** The counts of the tools of handlers. */
export function Tools({ tools: { locks, dedup, idempotency } }: { tools: ToolsNow }) {
  return (
    <section aria-labelledby="tools">
      <div class="section-head">
        <h2 id="tools">Tools of handlers</h2>
        <p>All instances, last hour; locks held: now.</p>
      </div>
      <div class="lists">
        <Tool
          name="Locks"
          rows={[
            [
              "held now",
              locks.held,
              locks.held === undefined ? "too many keys to look" : "by any instance",
            ],
            ["acquired", locks.acquired, "a lock was free"],
            ["contended", locks.contended, "another holder had it"],
            ["lost", locks.lost, "its TTL ended before its work"],
            ["released", locks.released, "by its holder"],
          ]}
        />
        <Tool
          name="Dedup"
          rows={[
            ["first", dedup.first, "counted"],
            ["duplicate", dedup.duplicate, "not counted again"],
            ["in progress", dedup.inProgress, "the first was not done yet"],
            ["other payload", dedup.otherPayload, "same key, other content"],
            ["lost", dedup.lost, "the claim ended before its work"],
          ]}
        />
        <Tool
          name="Idempotency"
          rows={[
            ["ran", idempotency.ran, "a handler ran"],
            ["replayed", idempotency.replayed, "got the stored response"],
            ["conflict", idempotency.conflict, "in progress, or other content"],
          ]}
        />
      </div>
    </section>
  );
}

function Tool({ name, rows }: { name: string; rows: readonly Row[] }) {
  return (
    <table class="tool">
      <caption>{name}</caption>
      <thead class="aside">
        <tr>
          <th scope="col">what</th>
          <th scope="col">meaning</th>
          <th scope="col">count</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([label, value, means]) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td class="quiet">{means}</td>
            <td class={value ? "number" : "number zero"}>{count(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

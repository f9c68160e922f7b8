import { durationInWords } from "#lib/core/duration";
import type {
  ControlChange,
  ControlEntry,
  ControlledClient,
  ControlSetting,
  UnreadableSetting,
} from "#lib/control/types";

/** Returns the entries that have not ended as a table, or a line when nothing is set. */
export function renderEntries(entries: readonly ControlEntry[]): string {
  if (entries.length === 0) return "nothing is set";
  const rows = entries.map((entry) => [
    printable(settingWords(entry)) + (entry.isUsable ? "" : " (not followed)"),
    ...(entry.kind === "unreadable"
      ? ["unknown", "unknown"]
      : [durationInWords(entry.endsInMs), timeWords(entry.until)]),
    printable(entry.by),
    printable(entry.id),
    printable(entry.reason),
  ]);
  const table = tableOf([["entry", "ends in", "until", "by", "id", "reason"], ...rows]);
  const isUnusable = entries.some((entry) => !entry.isUsable);
  return isUnusable ? `${table}\n\n${NOT_FOLLOWED}` : table;
}

const NOT_FOLLOWED =
  "not followed: the entry was made with another HEADGATE_SECRET, or cannot be read. Remove it by its id, or set it again.";

/** Returns changes as a table, or a line when nothing was changed. */
export function renderChanges(changes: readonly ControlChange[]): string {
  if (changes.length === 0) return "nothing was changed";
  const rows = changes.map((change) => [
    timeWords(change.at),
    printable(change.by),
    printable(changeWords(change)),
    printable(change.id),
    printable(change.reason),
  ]);
  return tableOf([["when", "by", "change", "id", "reason"], ...rows]);
}

function changeWords({ action, setting, until }: ControlChange): string {
  const what = setting ? ` ${settingWords(setting)}` : "";
  return `${action}${what}${until === null ? "" : ` until ${timeWords(until)}`}`;
}

/** Returns what an entry sets, such as "block 203.0.113.0/24". */
export function settingWords(setting: ControlSetting | UnreadableSetting): string {
  switch (setting.kind) {
    case "unreadable":
      return "an entry that cannot be read";
    case "mode":
      return `mode ${setting.mode} of ${setting.rule ?? "everything"}`;
    case "override": {
      const { rule, limit, to, client } = setting;
      return `override ${limit ?? rule} to ${to} for ${client ? clientWords(client) : "every client"}`;
    }
    case "allow":
    case "block":
      return `${setting.kind} ${clientWords(setting.client)}`;
  }
}

/** Returns the client of an entry, as far as the store knows it. */
export function clientWords(client: ControlledClient): string {
  return "network" in client
    ? client.network
    : `${client.identity ?? "client"} ${client.clientKey}`;
}

/** Returns an entry in one line. */
export function entryWords(entry: ControlEntry): string {
  const { kind, until, by, reason, id } = entry;
  const ends = kind === "unreadable" ? "" : ` until ${timeWords(until)}`;
  // An entry that was not written by the commands has no author and no reason.
  const note = by === "" ? "" : `, set by ${by}: ${reason}`;
  return printable(`${settingWords(entry)}${ends}${note} (${id})`);
}

/**
 * Returns a time in the time zone of this machine, such as "2026-11-29 15:20:00 CET".
 *
 * @param at milliseconds since 1970
 */
export function timeWords(at: number): string {
  return new Date(at).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "long" });
}

/** Returns the command that removes an entry, as it is written in a shell. */
export function removalCommand({ kind, id }: Pick<ControlEntry, "kind" | "id">): string {
  const word = /^[\w:./@+-]+$/.test(id) ? id : `'${printable(id).replaceAll("'", "?")}'`;
  return `headgate ${kind} remove ${word}`;
}

/** Returns text without characters that would move the cursor or colour the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\u{FFFD}");
}

/** Pads each column but the last to its longest cell. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const columns = rows[0] ?? [];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

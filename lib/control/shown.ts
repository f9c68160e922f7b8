import { networkText, type Network } from "#lib/core/networks";
import { type Entry, readEntry } from "./entry.ts";
import type { ControlChange, ControlEntry, ControlledClient, ControlSetting } from "./types.ts";

/** The reason, author and time of an entry. */
export interface Note {
  readonly reason: string;
  readonly by: string;
  /** Milliseconds since 1970, on Redis's clock; 0 when it is not known. */
  readonly at: number;
}

/** The data that is shown with an entry. */
export interface About extends Note {
  readonly endsInMs: number;
  /** The marks of the secrets that the gate has. */
  readonly marks: ReadonlySet<string>;
}

/** Returns an entry for people. Pass undefined for an entry that cannot be read. */
export function shownEntry(
  id: string,
  entry: Entry | undefined,
  { marks, ...about }: About,
): ControlEntry {
  const setting = settingOf(entry) ?? ({ kind: "unreadable" } as const);
  const secret = entry && "secret" in entry ? entry.secret : undefined;
  const isUsable = entry !== undefined && (secret === undefined || marks.has(secret));
  return { id, ...setting, ...about, until: entry?.until ?? 0, isUsable };
}

/** Compares entries for sorting: the one that ends first comes first. */
export function byEnd(a: ControlEntry, b: ControlEntry): number {
  return a.until - b.until || (a.id < b.id ? -1 : 1);
}

/** Reads a note from the store. Missing parts are empty. */
export function readNote(text: unknown): Note {
  const { reason, by, at } = parse(text);
  return { reason: textOf(reason), by: textOf(by), at: numberOf(at) };
}

/** Returns the setting of an entry; null for an entry without one, such as a reset. */
export function settingOf(entry: Entry | undefined): ControlSetting | null {
  if (!entry || entry.kind === "reset") return null;
  if (entry.kind === "mode")
    return { kind: entry.kind, mode: entry.mode, rule: entry.rule ?? null };
  if (entry.kind === "override") {
    const { kind, rule, limit = null, to } = entry;
    return {
      kind,
      rule,
      limit,
      to: typeof to === "object" ? `${to.times}x` : to,
      client: clientOf(entry),
    };
  }
  const { kind } = entry;
  const client = clientOf(entry);
  return client && { kind, client };
}

/** Returns a change of the log; undefined when the entry of the stream is not a change. */
export function readChange(read: unknown): ControlChange | undefined {
  const [change, pairs] = Array.isArray(read) ? (read as unknown[]) : [];
  if (typeof change !== "string" || !Array.isArray(pairs)) return undefined;
  const fields = new Map<unknown, unknown>();
  for (let i = 0; i < pairs.length; i += 2) fields.set(pairs[i], pairs[i + 1]);
  const action = fields.get("action");
  if (action !== "set" && action !== "remove" && action !== "reset") return undefined;
  const entry = readEntry(fields.get("entry"));
  return {
    change,
    at: numberOf(Number(fields.get("at"))),
    action,
    id: textOf(fields.get("id")),
    setting: settingOf(entry),
    until: action === "set" && entry ? entry.until : null,
    reason: textOf(fields.get("reason")),
    by: textOf(fields.get("by")),
  };
}

function clientOf(entry: {
  readonly network?: Network;
  readonly client?: string | undefined;
  readonly identity?: string | undefined;
}): ControlledClient | null {
  const { network, client, identity = null } = entry;
  if (network) return { network: networkText(network) };
  return client === undefined ? null : { clientKey: client, identity };
}

function parse(text: unknown): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(String(text)) as Readonly<Record<string, unknown>> | null) ?? {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number {
  return Number.isSafeInteger(value) ? Number(value) : 0;
}

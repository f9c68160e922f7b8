import type { ControlEntry } from "#lib/dashboard/model";

/**
 * Returns the setting of an entry: "search: 2x" or "everything: off"; empty for a block or an allowed client.
 */
export function settingOf(entry: ControlEntry): string {
  if (entry.kind === "override") return `${entry.limit ?? entry.rule}: ${entry.to}`;
  return entry.kind === "mode" ? `${entry.rule ?? "everything"}: ${entry.mode}` : "";
}

/** Returns the client of an entry: a network, a client key, or "every client"; empty for a mode. */
export function clientOf(entry: ControlEntry): string {
  if (!("client" in entry)) return "";
  const { client } = entry;
  if (!client) return "every client";
  return "network" in client ? client.network : client.clientKey;
}

const KINDS: Readonly<Record<string, string>> = {
  block: "blocked",
  allow: "allowed",
  override: "limit",
  mode: "mode",
};

/** Returns the kind of an entry in a word. */
export function kindOf({ kind }: ControlEntry): string {
  return KINDS[kind] ?? kind;
}

/** Returns an entry in one line: "blocked 203.0.113.0/24", or "limit search: 2x for every client". */
export function entryLine(entry: ControlEntry): string {
  const [setting, client] = [settingOf(entry), clientOf(entry)];
  const joined = setting && client ? `${setting} for ${client}` : setting + client;
  return `${kindOf(entry)} ${joined || entry.id}`;
}

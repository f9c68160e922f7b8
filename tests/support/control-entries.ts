import type { ControlEntry, ControlSetting } from "#lib/control/types";

const UNTIL = Date.UTC(2026, 10, 29, 15, 20);

/** Makes an entry that ends in 90 seconds. */
export function entry(
  id: string,
  setting: ControlSetting,
  more: Partial<ControlEntry> = {},
): ControlEntry {
  const about = { reason: "why", by: "bob", at: 0, until: UNTIL, endsInMs: 90_000 };
  return { id, ...setting, ...about, isUsable: true, ...more } as ControlEntry;
}

/** Makes an entry about a network. */
export function network(kind: "allow" | "block", text: string): ControlEntry {
  return entry(`network:${text}`, { kind, client: { network: text } });
}

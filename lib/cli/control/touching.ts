import type { ControlEntry, ControlledClient } from "#lib/control/types";
import type { GateMode } from "#lib/core/mode";
import { isWithin, type Network, readNetwork } from "#lib/core/networks";
import type { Target } from "./target.ts";
import { entryWords } from "./words.ts";

/** The most entries that are printed: a document may hold thousands. */
const MOST_LINES = 10;

/**
 * Returns a line for each entry in force that affects a change or is affected by it, with the effect.
 *
 * @param mode HEADGATE_MODE, which applies when no entry sets the mode of all rules
 */
export function touchingLines(
  target: Target,
  entries: readonly ControlEntry[],
  mode: GateMode,
): readonly string[] {
  const followed = entries.filter(({ isUsable }) => isUsable);
  const lines = followed.flatMap((entry) => {
    const said = isSameEntry(entry, target) ? undefined : consequenceOf(target, entry);
    return said === undefined ? [] : [`${entryWords(entry)}: ${said}`];
  });
  const more = lines.length - MOST_LINES;
  return [
    ...lines.slice(0, MOST_LINES),
    ...(more > 0 ? [`${more} more entries: headgate control list`] : []),
    ...singleLines(target, followed),
    ...modeLines(target, followed, mode),
  ];
}

/**
 * Returns true for the entry that a change replaces. An `allow` and a `block` of the same client replace each
 * other.
 */
export function isSameEntry(entry: ControlEntry, target: Target): boolean {
  const { client, rule, limit } = partsOf(entry);
  const isSameKind =
    entry.kind === target.kind || (isListing(entry.kind) && isListing(target.kind));
  const isSame = isSameKind && rule === target.rule && limit === target.limit;
  return isSame && isSameClient(client, target.client);
}

function isListing(kind: ControlEntry["kind"]): boolean {
  return kind === "allow" || kind === "block";
}

function partsOf(entry: ControlEntry) {
  return {
    client: "client" in entry ? entry.client : null,
    rule: "rule" in entry ? entry.rule : null,
    limit: "limit" in entry ? entry.limit : null,
  };
}

function isSameClient(client: ControlledClient | null, target: Target["client"]): boolean {
  if (!client || !target) return !client && !target;
  return target.names.includes("network" in client ? client.network : client.clientKey);
}

/** Returns how an entry affects a change, or the change the entry; undefined when neither affects the other. */
function consequenceOf(target: Target, entry: ControlEntry): string | undefined {
  if (target.kind === "mode") return besideMode(target, entry);
  if (entry.kind === "mode" || entry.kind === "unreadable") return undefined;
  if (target.kind === "override") return besideOverride(target, entry);
  const overlap = overlapOf(entry.client, target.client);
  if (overlap === undefined) return undefined;
  if (entry.kind === "override") {
    return overlap === "same" ? "it has no effect while this holds" : undefined;
  }
  if (target.kind === "allow") {
    return entry.kind === "allow" ? "it allows them too" : "this takes precedence over it";
  }
  if (entry.kind === "block") return "it blocks them too";
  return overlap === "part"
    ? "it takes precedence over this, so those clients stay allowed"
    : "it takes precedence over this, so nothing is blocked while it holds";
}

function besideMode({ rule }: Target, entry: ControlEntry): string | undefined {
  if (entry.kind !== "mode") return undefined;
  if (rule === null) return "it holds as well";
  return entry.rule === null && entry.mode !== "enforce" ? "it holds for every rule" : undefined;
}

function besideOverride(
  { client, rule }: Target,
  entry: Extract<ControlEntry, { readonly kind: "allow" | "block" | "override" }>,
): string | undefined {
  if (entry.kind === "override") {
    const isForBoth = !entry.client || !client || isSameClient(entry.client, client);
    const isAbout = entry.rule === rule && isForBoth;
    return isAbout ? "of several, the one nearest to a client holds" : undefined;
  }
  if (!client || overlapOf(entry.client, client) === undefined) return undefined;
  return entry.kind === "allow"
    ? "the client is not counted while it holds"
    : "the client gets 403 while it holds";
}

/** How the clients of an entry relate to those of a change: the same, a larger set, or a part of them. */
type Overlap = "same" | "around" | "part";

function overlapOf(client: ControlledClient | null, target: Target["client"]): Overlap | undefined {
  if (!target) return undefined;
  if (isSameClient(client, target)) return "same";
  const other = client && "network" in client ? readNetwork(client.network) : undefined;
  const { network } = target;
  if (!other || !network) return undefined;
  if (contains(other, network)) return "around";
  return contains(network, other) ? "part" : undefined;
}

function contains(outer: Network, inner: Network): boolean {
  return outer.bits <= inner.bits && isWithin(inner.first, [outer]);
}

/**
 * Returns a line about entries that allow single clients. The store has only their client keys, so it is
 * unknown whether their addresses are in the network.
 */
function singleLines(
  { kind, client }: Target,
  entries: readonly ControlEntry[],
): readonly string[] {
  if (kind !== "block" || !client?.isBlock) return [];
  const single = entries.filter(
    (entry) => entry.kind === "allow" && "clientKey" in entry.client,
  ).length;
  const those = "a client of the network that has one stays allowed";
  return single === 0 ? [] : [`entries that allow single clients: ${single}; ${those}`];
}

function modeLines(
  { kind }: Target,
  entries: readonly ControlEntry[],
  variable: GateMode,
): readonly string[] {
  if (kind === "mode") return [];
  const entry = entries.find((each) => each.kind === "mode" && each.rule === null);
  const mode = entry?.kind === "mode" ? entry.mode : variable;
  const by = entry ? entryWords(entry) : `HEADGATE_MODE is ${variable} here`;
  if (mode === "off") return [`${by}: nothing is counted, denied or blocked meanwhile`];
  if (mode === "enforce") return [];
  const said = kind === "block" ? "the block is reported and not enforced" : "no request is denied";
  return [`${by}: ${said} meanwhile`];
}

import type { GateMode } from "#lib/core/mode";
import { type Network, readNetwork } from "#lib/core/networks";

/** A client as an entry names it: by a client key, and by the secret that made it. */
export interface EntryClient {
  /**
   * The identity that is compared, such as "user" or "ip". It is undefined when only the key was known; then
   * the address and the clients of limits are compared with the key.
   */
  readonly identity?: string | undefined;
  /** The client key: 22 characters. */
  readonly client: string;
  /** The mark of the secret that made the key ({@link markOf}). */
  readonly secret: string;
}

/** A client or a network that is blocked, or allowed without being counted. */
export type ListingEntry = { readonly kind: "allow" | "block" } & (
  | EntryClient
  | { readonly network: Network }
);

/** A limit that replaces the policy's, for one client or for all. */
export interface OverrideEntry extends Partial<EntryClient> {
  readonly kind: "override";
  readonly rule: string;
  /** The limit's name in RateLimit headers; undefined for every limit of the rule. */
  readonly limit?: string | undefined;
  /** Units in a window, a factor of the policy's limit, or no limit. */
  readonly to: number | { readonly times: number } | "unlimited";
}

/** The mode of one rule, or of all rules. */
export interface ModeEntry {
  readonly kind: "mode";
  readonly mode: GateMode;
  readonly rule?: string | undefined;
}

/** A client that was reset. Instances drop what they remember of these keys. */
export interface ResetEntry {
  readonly kind: "reset";
  /** Keys of limits. */
  readonly keys: readonly string[];
}

/** One entry of the control document. */
export type Entry = (ListingEntry | OverrideEntry | ModeEntry | ResetEntry) & {
  /** When it ends: milliseconds since 1970, on Redis's clock. */
  readonly until: number;
};

/** The most entries of a document, except for modes and resets, which must still fit in an incident. */
export const MOST_ENTRIES = 10_000;

/** The most entries with modes and resets. Further ones are ignored. */
export const MOST_WITH_MODES = 11_000;

/** The longest life of an entry, in milliseconds: 30 days. */
export const LONGEST_MS = 30 * 86_400_000;

/** The longest text of an entry, in characters: a reset names the keys of every limit of one client. */
const MAX_LENGTH = 32_768;

const MODES: ReadonlySet<unknown> = new Set(["enforce", "shadow", "off"]);

/**
 * Reads an entry from the store; undefined for a text that is not an entry. Every part is checked, because
 * any program may have written it.
 */
export function readEntry(text: unknown): Entry | undefined {
  const given = parse(text);
  const { until } = given;
  if (typeof until !== "number" || !Number.isSafeInteger(until)) return undefined;
  const entry = readKind(given);
  return entry && { ...entry, until };
}

function readKind(
  given: Fields,
): ListingEntry | OverrideEntry | ModeEntry | ResetEntry | undefined {
  const { kind, network, rule, limit, mode, keys } = given;
  const isRule = isText(rule);
  if (kind === "allow" || kind === "block") {
    const read = isText(network) ? readNetwork(network) : undefined;
    const client = read ? { network: read } : readClient(given);
    return client && { kind, ...client };
  }
  if (kind === "override") {
    const to = readTo(given["to"]);
    const client = readClient(given);
    const isForAll = given["client"] === undefined;
    if (to === undefined || !isRule || (!client && !isForAll)) return undefined;
    return isMaybeText(limit) ? { kind, rule, limit, to, ...client } : undefined;
  }
  if (kind === "mode") {
    return MODES.has(mode) && isMaybeText(rule)
      ? { kind, mode: mode as GateMode, rule }
      : undefined;
  }
  const isReset = kind === "reset" && Array.isArray(keys) && keys.every(isText);
  return isReset ? { kind, keys } : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function parse(text: unknown): Fields {
  if (!isText(text) || text.length > MAX_LENGTH) return {};
  try {
    return (JSON.parse(text) as Fields | null) ?? {};
  } catch {
    return {};
  }
}

function readClient({ client, identity, secret }: Fields): EntryClient | undefined {
  if (!isText(client) || !isMaybeText(identity) || !isText(secret)) return undefined;
  return /^[\w-]{22}$/.test(client) ? { client, identity, secret } : undefined;
}

/**
 * Reads the limit of an override: a whole number from 1, a factor such as "2x" or "0.5x", or
 * "unlimited"; undefined for anything else.
 */
export function readTo(to: unknown): OverrideEntry["to"] | undefined {
  if (to === "unlimited") return to;
  if (typeof to === "number") return Number.isSafeInteger(to) && to > 0 ? to : undefined;
  const times = isText(to) ? Number(/^(\d{1,6}(?:\.\d{1,6})?)x$/.exec(to)?.[1]) : 0;
  return times > 0 ? { times } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isMaybeText(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}

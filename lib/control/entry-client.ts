import type { KeyedHash } from "#lib/core/client";
import { canonicalAddress, parseAddress, UNKNOWN_ADDRESS } from "#lib/core/canonical-address";
import { HeadgateError } from "#lib/core/errors";
import { networkOf, widthOf } from "#lib/core/ip";
import { withSuggestion } from "#lib/core/nearest";
import { networkText, readNetwork } from "#lib/core/networks";
import { MAX_VALUE } from "#lib/identity/identify";
import { badArgument } from "./arguments.ts";
import type { EntryClient } from "./entry.ts";
import { markOf } from "./keys.ts";
import type { Whom } from "./types.ts";

/** The parts of a gate that name its clients. */
export interface NamingParts {
  /** The names of the policy's identities. */
  readonly identities: readonly string[];
  readonly keyedHash: KeyedHash;
  /** The hash with the previous secret; undefined when that is not set. */
  readonly previousHash: KeyedHash | undefined;
  /** The bits of an IPv6 address that name a client. */
  readonly ipv6Prefix: number;
  /** False when the secret is derived from the store's token, and would change with it. */
  readonly isSecretSet: boolean;
}

/** The client of an entry, in the form of the store. */
export interface NamedClient {
  readonly fields: EntryClient | { readonly network: string };
  /** The last part of the entry's id: the network, or the client key. */
  readonly name: string;
  /** The same with the previous secret; undefined when no such entry can exist. */
  readonly formerName: string | undefined;
}

const ADDRESS_FORM = 'an address such as "203.0.113.7"';
const NETWORK_FORM = `${ADDRESS_FORM}, or a CIDR block such as "203.0.113.0/24"`;

/**
 * Returns the client of an entry. A network that the gate counts as one client, such as a /32 of IPv4, is
 * named like that client.
 *
 * @param takesNetworks whether a CIDR block is allowed
 * @throws {HeadgateError} CONTROL_BAD_ARGUMENT; CONTROL_NEEDS_SECRET for a client key without HEADGATE_SECRET
 */
export function nameEntryClient(
  parts: NamingParts,
  client: Whom,
  takesNetworks: boolean,
): NamedClient {
  const given = client as Partial<Record<"ip" | "identity" | "value" | "key", unknown>> | null;
  const { ip, identity, value, key } = given ?? {};
  const forms = [ip, identity, key].filter((each) => each !== undefined);
  if (forms.length !== 1 || (identity === undefined && value !== undefined)) {
    throw badArgument("the client", client, "named by one of ip, identity with value, and key");
  }
  if (key !== undefined) return nameKey(parts, key);
  if (identity === undefined || identity === "ip") {
    return nameAddress(parts, ip ?? value, takesNetworks && ip !== undefined);
  }
  const { identities } = parts;
  if (typeof identity !== "string" || !identities.includes(identity)) {
    const known = `an identity of the policy: ${["ip", ...identities].join(", ")}`;
    const given = typeof identity === "string" ? identity : "";
    throw badArgument("identity", identity, withSuggestion(known, given, identities));
  }
  if (typeof value !== "string" || value === "" || value.length > MAX_VALUE) {
    throw badArgument("value", value, `text of 1 to ${MAX_VALUE} characters`);
  }
  return nameClient(parts, identity, value);
}

function nameKey(parts: NamingParts, key: unknown): NamedClient {
  if (typeof key !== "string" || !/^[\w-]{22}$/.test(key)) {
    throw badArgument("key", key, "the 22 characters of a client key from a line of the log");
  }
  const { keyedHash, previousHash } = parts;
  if ([keyedHash, previousHash].some((hash) => hash?.("global", "") === key)) {
    throw badArgument("key", key, "the key of one client, not that of all clients together");
  }
  requireSecret(parts);
  const fields = { client: key, identity: undefined, secret: markOf(keyedHash) };
  return { fields, name: key, formerName: undefined };
}

function nameClient(parts: NamingParts, identity: string, value: string): NamedClient {
  const { keyedHash, previousHash } = parts;
  requireSecret(parts);
  const client = keyedHash(identity, value);
  const fields = { client, identity, secret: markOf(keyedHash) };
  return { fields, name: client, formerName: previousHash?.(identity, value) };
}

function nameAddress(parts: NamingParts, ip: unknown, takesNetworks: boolean): NamedClient {
  const { ipv6Prefix } = parts;
  const text = typeof ip === "string" ? ip : "";
  const [address, length] = text.split("/");
  if (length === undefined) {
    const canonical = canonicalAddress(address, ipv6Prefix);
    if (canonical !== UNKNOWN_ADDRESS) return nameClient(parts, "ip", canonical);
  }
  const network = length === undefined ? undefined : readNetwork(text);
  if (!network) throw badAddress(ip, takesNetworks ? NETWORK_FORM : ADDRESS_FORM);
  const { first, bits } = network;
  if (bits === first.length * widthOf(first) || (first.length === 8 && bits === ipv6Prefix)) {
    return nameClient(parts, "ip", canonicalAddress(address, ipv6Prefix));
  }
  if (!takesNetworks) throw badAddress(ip, ADDRESS_FORM);
  if (first.length === 8 && bits > ipv6Prefix) {
    const client = networkText({ first: networkOf(first, ipv6Prefix), bits: ipv6Prefix });
    const allowed = `"${client}", since IPv6 is counted by /${ipv6Prefix} (CLIENT_IPV6_PREFIX)`;
    throw badArgument("ip", ip, allowed);
  }
  const name = networkText(network);
  return { fields: { network: name }, name, formerName: undefined };
}

/**
 * Returns the error of an address. A CIDR block that does not begin with its first address probably means the
 * network of that address.
 */
function badAddress(ip: unknown, allowed: string): HeadgateError {
  const [, address, length] = /^([^/]+)\/(\d{1,3})$/.exec(String(ip)) ?? [];
  const first = parseAddress(address);
  const bits = Number(length);
  if (!first || bits > first.length * widthOf(first)) return badArgument("ip", ip, allowed);
  const meant = networkText({ first: networkOf(first, bits), bits });
  return badArgument("ip", ip, `${allowed} (the network of this address is "${meant}")`);
}

function requireSecret({ isSecretSet }: NamingParts): void {
  if (isSecretSet) return;
  throw new HeadgateError(
    "CONTROL_NEEDS_SECRET",
    "HEADGATE_SECRET must be set for an entry for one client: without it client keys are made with the store's token, and the entry would stop working when the token changes. Set it for the app and here. CIDR blocks, modes and overrides for all clients do not need it.",
  );
}

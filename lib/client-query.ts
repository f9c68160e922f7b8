import { canonicalAddress, UNKNOWN_ADDRESS } from "#lib/core/canonical-address";
import { HeadgateError } from "#lib/core/errors";
import { MAX_VALUE } from "#lib/identity/identify";

/** The client whose limits are meant: by an address and identities, or by a client key alone. */
export interface ClientQuery {
  /**
   * The client's address, such as "203.0.113.7".
   * @default no address: limits that count the address are left out
   * @example
   * await inspectClient(gate, { ip: "203.0.113.7" });
   */
  readonly ip?: string | undefined;
  /**
   * Other identities by their names in the policy.
   * @default no identity
   * @example
   * await inspectClient(gate, { ip: "203.0.113.7", identities: { user: "ada" } });
   */
  readonly identities?: Readonly<Record<string, string>> | undefined;
  /**
   * A client key, of 22 characters, as the log and the dashboard show it. It excludes `ip` and `identities`.
   * @default the client is named by its address and identities
   * @example
   * await inspectClient(gate, { key: "mWm0Xc8bUVZcEZ6ovT0mWg" });
   */
  readonly key?: string | undefined;
  /**
   * The name of one rule, such as "search".
   * @default every rule, including those that handlers call
   * @example
   * await resetClient(gate, { ip: "203.0.113.7", rule: "search" });
   */
  readonly rule?: string | undefined;
}

/** The part of a policy that declares its identities. */
interface WithIdentities {
  readonly identities: Readonly<Record<string, unknown>>;
}

/**
 * Throws for a query that names no client, or a client that the policy cannot have.
 *
 * @throws {HeadgateError} LIMIT_BAD_ARGUMENT
 */
export function refuseBadQuery(
  { policy }: { readonly policy: WithIdentities },
  query: ClientQuery,
): void {
  const problem = problemOf(policy, query);
  if (problem !== undefined)
    throw new HeadgateError("LIMIT_BAD_ARGUMENT", `The client: ${problem}`);
}

/** Returns what is wrong with a query; undefined when it names a client. */
function problemOf(policy: WithIdentities, query: ClientQuery): string | undefined {
  const { ip, identities = {}, key } = query;
  const named = Object.entries(identities);
  if (key !== undefined) {
    if (ip !== undefined || named.length > 0) return "key must be given without ip and identities.";
    return /^[\w-]{22}$/.test(key)
      ? undefined
      : "key must be a client key: the 22 characters from a line of the log.";
  }
  if (ip === undefined && named.length === 0) {
    return "an address, identities or a client key must be given.";
  }
  if (ip !== undefined && canonicalAddress(ip) === UNKNOWN_ADDRESS) {
    return "ip must be an IPv4 or IPv6 address.";
  }
  const known = Object.keys(policy.identities);
  const [strange] = named.find(([name]) => !known.includes(name)) ?? [];
  if (strange !== undefined) {
    return `the policy has no identity ${JSON.stringify(strange)}. Its identities are ${["ip", ...known].join(", ")}.`;
  }
  const [wrong] = named.find(([, value]) => value === "" || value.length > MAX_VALUE) ?? [];
  return wrong && `${wrong} must be a text of 1 to ${MAX_VALUE} characters.`;
}

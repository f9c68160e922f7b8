import type {
  Client,
  Counted,
  IdentityValues,
  KeyedHash,
  Resolver,
  Subject,
  Wanted,
} from "#lib/core/client";
import { UNKNOWN_ADDRESS } from "#lib/core/canonical-address";
import { shareOf } from "./keyed-hash.ts";

/**
 * The longest value of an identity, in UTF-16 code units; a longer one names no client. It is not truncated,
 * since two long values could then share a key. It is not hashed either, since a client could keep a server
 * busy with long values.
 */
export const MAX_VALUE = 1024;

/**
 * Identifies the client of a request for the limits that match it.
 *
 * @param values the values of the resolved identities
 * @param address in the form that is counted
 */
export function clientOf(
  { subjects, trials }: Wanted,
  values: IdentityValues,
  address: string,
  keyedHash: KeyedHash,
): Client {
  const counted = new Map<string, Counted>();
  for (const subject of subjects) {
    counted.set(subject.expression, countedOf(subject, values, address, keyedHash));
  }
  const hasAddress = address !== UNKNOWN_ADDRESS;
  if (trials.length === 0) return { values, address, hasAddress, counted, shares: NO_SHARES };
  const shares = new Map<string, number>();
  for (const { rule, seed, subject } of trials) {
    // A rule that counts all clients together selects clients by address.
    const key = (subject && counted.get(subject.expression)?.key) ?? keyedHash("ip", address);
    shares.set(rule, shareOf(keyedHash("share", `${seed} ${key}`)));
  }
  return { values, address, hasAddress, counted, shares };
}

const NO_SHARES: ReadonlyMap<string, number> = new Map();

/**
 * Returns the client key that a limit counts. A name without a value falls back to the next name of `a|b`, and
 * finally to the address, so that every request is counted.
 */
function countedOf(
  { kind, names }: Subject,
  values: IdentityValues,
  address: string,
  keyedHash: KeyedHash,
): Counted {
  if (kind === "global") return { key: keyedHash("global", ""), countsAddress: false };
  if (kind === "first") {
    const name = names.find((each) => valueOf(each, values, address) !== undefined) ?? "ip";
    const value = valueOf(name, values, address) ?? address;
    return { key: keyedHash(name, value), countsAddress: name === "ip" };
  }
  const named = names.map((name) => [name, valueOf(name, values, address)] as const);
  const countsAddress = named.some(([name, value]) => value === undefined || name === "ip");
  if (named.every(([name, value]) => value === undefined || name === "ip")) {
    return { key: keyedHash("ip", address), countsAddress };
  }
  // The address replaces a name without a value.
  const parts = named.flatMap(([name, value]) =>
    value === undefined ? ["ip", address] : [name, value],
  );
  return { key: keyedHash(names.join("+"), ...parts), countsAddress };
}

/**
 * Returns the identities that were resolved to no value, when a limit counts the address instead of
 * them, or a rule uses its first tier.
 */
export function unresolvedOf({ subjects, listed }: Wanted, { values, counted }: Client): string[] {
  const isKnown = [...values.values()].some(Boolean);
  const isMissed = (name: string) => {
    const own = subjects.filter(({ names }) => names.includes(name));
    // An identity that only tiers use, such as a plan, may be absent for a signed-in user.
    if (own.length === 0) return !isKnown;
    return own.some(({ expression }) => counted.get(expression)?.countsAddress);
  };
  return [...values].flatMap(([name, value]) =>
    value || listed?.has(name) || !isMissed(name) ? [] : name,
  );
}

/** Returns the value of an identity, or the address for "ip"; undefined when the value names no client. */
export function valueOf(name: string, values: IdentityValues, address: string): string | undefined {
  if (name === "ip") return address;
  const value = values.get(name);
  return value === undefined || value === "" || value.length > MAX_VALUE ? undefined : value;
}

/** Resolvers by the name of their identity; "from-code" when only handlers know its value. */
export type Identities = Readonly<Record<string, Resolver | "from-code">>;

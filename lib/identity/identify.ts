import { HeadgateError } from "#lib/core/errors";
import { within } from "#lib/core/within";
import { UNKNOWN_ADDRESS } from "./canonical-address.ts";
import type { Counted, KeyedHash, Resolver } from "#lib/core/client";

/** The values of identities by name, for one request; undefined where the request names nobody. */
export type IdentityValues = ReadonlyMap<string, string | undefined>;

/**
 * A longer value, in UTF-16 code units, names nobody. It is not cut: two long ones could then share a
 * key; and hashing one of any length would be a cheap way to keep a server busy.
 */
const MAX_VALUE = 1024;

/**
 * Names the client that a limit counts by its client key. A name without a value falls back to the
 * next one of `a|b`, and at the end to the address: nobody goes uncounted.
 */
export function clientOf(
  subject: Counted,
  values: IdentityValues,
  address: string,
  keyedHash: KeyedHash,
): string {
  if (subject.kind === "global") return keyedHash("global", "");
  const named = subject.names.map((name) => [name, valueOf(name, values, address)] as const);
  if (subject.kind === "first") {
    const found = named.find(([, value]) => value !== undefined);
    return found?.[1] === undefined ? keyedHash("ip", address) : keyedHash(found[0], found[1]);
  }
  if (named.every(([name, value]) => value === undefined || name === "ip")) {
    return keyedHash("ip", address);
  }
  // A missing one is the address's.
  const parts = named.flatMap(([name, value]) =>
    value === undefined ? ["ip", address] : [name, value],
  );
  return keyedHash(subject.names.join("+"), ...parts);
}

/** Whether a limit counts the address, for the values that a request has. */
export function countsAddress({ kind, names }: Counted, values: IdentityValues): boolean {
  if (kind === "global") return false;
  const isAddress = (name: string) => valueOf(name, values, "") === undefined || name === "ip";
  if (kind === "all") return names.some(isAddress);
  const first = names.find((name) => name === "ip" || valueOf(name, values, "") !== undefined);
  return first === undefined || first === "ip";
}

/**
 * The identities that were asked and named nobody, where a limit counts the address for want of them, or
 * a rule took its first tier.
 */
export function unresolvedOf(
  limits: readonly { readonly subject: Counted }[],
  values: IdentityValues,
): string[] {
  const isAnybody = [...values.values()].some(Boolean);
  const isMissed = (name: string) => {
    const own = limits.filter(({ subject }) => subject.names.includes(name));
    // A plan, say, that a signed-in user need not have.
    if (own.length === 0) return !isAnybody;
    return own.some(({ subject }) => countsAddress(subject, values));
  };
  return [...values].flatMap(([name, value]) => (value || !isMissed(name) ? [] : name));
}

function valueOf(name: string, values: IdentityValues, address: string): string | undefined {
  if (name === "ip") return address || UNKNOWN_ADDRESS;
  const value = values.get(name);
  return value === undefined || value === "" || value.length > MAX_VALUE ? undefined : value;
}

export interface Resolving {
  /** The longest that each may take, in milliseconds. */
  readonly deadlineMs: number;
  /** Hears of each that failed. */
  readonly onError: (name: string, error: unknown) => void;
}

/**
 * Asks each resolver once for the names that are needed, all at the same time. One that fails, or is
 * not done by the deadline, names nobody, so that the address is counted: no request is lost to it,
 * and none waits for it.
 */
export async function resolveIdentities(
  names: Iterable<string>,
  identities: Readonly<Record<string, Resolver | "from-code">>,
  request: Request,
  { deadlineMs, onError }: Resolving,
): Promise<IdentityValues> {
  const values = new Map<string, string | undefined>();
  const resolverOf = (name: string) => {
    const resolver = Object.hasOwn(identities, name) ? identities[name] : undefined;
    return typeof resolver === "function" ? [[name, resolver] as const] : [];
  };
  const needed = [...names].flatMap(resolverOf);
  if (needed.length === 0) return values;
  const resolve = async ([name, resolver]: readonly [string, Resolver]) => {
    try {
      values.set(name, checked(name, await inTime(name, resolver(request), deadlineMs)));
    } catch (error) {
      onError(name, error);
    }
  };
  await Promise.all(needed.map(resolve));
  return values;
}

async function inTime<T>(name: string, answer: T | Promise<T>, deadlineMs: number): Promise<T> {
  if (!isPromise(answer)) return answer;
  return within(deadlineMs, answer, () => {
    const message = `The identity ${name} was not resolved within ${deadlineMs} ms; the address was counted. Give what it waits for a deadline of its own.`;
    throw new HeadgateError("IDENTITY_TIMEOUT", message);
  });
}

/** By what it does: a runtime's own promises may be of another realm's class. */
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

/** What is not text is not taken for a name: a mistake must not give each client one of its own. */
function checked(name: string, value: unknown): string | undefined {
  if (value === null) return undefined;
  if (value === undefined || (typeof value === "string" && value.length <= MAX_VALUE)) return value;
  const given = typeof value === "string" ? `text of ${value.length} characters` : typeof value;
  const message = `The resolver of ${name} answered ${given}; allowed: text of up to ${MAX_VALUE} characters, or undefined where the request names nobody.`;
  throw new HeadgateError("IDENTITY_INVALID", message);
}

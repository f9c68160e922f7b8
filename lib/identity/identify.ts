import { UNKNOWN_ADDRESS } from "./address.ts";
import type { Pseudonym } from "./pseudonym.ts";

/** Who a limit counts, as lib/policy compiles it from a key of `limits`. */
interface Subject {
  readonly kind: "first" | "all" | "global";
  readonly names: readonly string[];
}

/** The values of identities by name, for one request; undefined where the request names nobody. */
export type IdentityValues = ReadonlyMap<string, string | undefined>;

/** No identity's value is longer than this: it is hashed, and a hostile one should cost little. */
const MAX_VALUE = 1024;

/**
 * Names the client that a limit counts by its pseudonym. A name without a value falls back to the
 * next one of `a|b`, and at the end to the address: nobody goes uncounted.
 */
export function clientOf(
  subject: Subject,
  values: IdentityValues,
  address: string,
  pseudonym: Pseudonym,
): string {
  if (subject.kind === "global") return pseudonym("global", "");
  const named = subject.names.map((name) => [name, valueOf(name, values, address)] as const);
  if (subject.kind === "first") {
    const found = named.find(([, value]) => value !== undefined);
    return found?.[1] === undefined ? pseudonym("ip", address) : pseudonym(found[0], found[1]);
  }
  if (named.every(([name, value]) => value === undefined || name === "ip")) {
    return pseudonym("ip", address);
  }
  // JSON keeps the values apart, whatever they hold; a missing one is the address's.
  const parts = named.map(([name, value]) =>
    value === undefined ? ["ip", address] : [name, value],
  );
  return pseudonym(subject.names.join("+"), JSON.stringify(parts));
}

function valueOf(name: string, values: IdentityValues, address: string): string | undefined {
  if (name === "ip") return address || UNKNOWN_ADDRESS;
  const value = values.get(name);
  return value === undefined || value === "" ? undefined : value.slice(0, MAX_VALUE);
}

type Resolver = (request: Request) => string | undefined | Promise<string | undefined>;

/**
 * Asks each resolver once for the names that are needed. One that fails names nobody, so that the
 * address is counted: a request is never lost to it; `onError` hears of it.
 */
export async function resolveIdentities(
  names: Iterable<string>,
  identities: Readonly<Record<string, Resolver | "from-code">>,
  request: Request,
  onError: (name: string, error: unknown) => void,
): Promise<IdentityValues> {
  const values = new Map<string, string | undefined>();
  for (const name of names) {
    const resolver = Object.hasOwn(identities, name) ? identities[name] : undefined;
    if (typeof resolver !== "function") continue;
    try {
      const value: unknown = await resolver(request);
      if (value !== undefined && typeof value !== "string") {
        throw new TypeError(`a resolver answers text or undefined, not a ${typeof value}`);
      }
      values.set(name, value);
    } catch (error) {
      onError(name, error);
    }
  }
  return values;
}

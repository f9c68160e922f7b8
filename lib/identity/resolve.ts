import type { IdentityValues, Resolver } from "#lib/core/client";
import { HeadgateError } from "#lib/core/errors";
import { within } from "#lib/core/within";
import { type Identities, MAX_VALUE } from "./identify.ts";

/** The results of a request's resolvers. */
export interface Resolved {
  readonly values: IdentityValues;
  /** The resolvers that failed or were late. */
  readonly failures: readonly { readonly identity: string; readonly error: unknown }[];
}

const NOTHING: Resolved = { values: new Map(), failures: [] };

/**
 * Calls the resolver of each needed identity once, all at the same time. A resolver that fails, or is not done
 * by the deadline, has no value: the address is counted instead, and the request neither fails nor waits.
 *
 * @param deadlineMs the longest that each may take, in milliseconds
 */
export async function resolveIdentities(
  names: readonly string[],
  identities: Identities,
  request: Request,
  deadlineMs: number,
): Promise<Resolved> {
  const needed = names.flatMap((name) => {
    const resolver = Object.hasOwn(identities, name) ? identities[name] : undefined;
    return typeof resolver === "function" ? [[name, resolver] as const] : [];
  });
  if (needed.length === 0) return NOTHING;
  const values = new Map<string, string | undefined>();
  const failures: { identity: string; error: unknown }[] = [];
  const resolve = async ([identity, resolver]: readonly [string, Resolver]) => {
    try {
      values.set(
        identity,
        checked(identity, await inTime(identity, resolver(request), deadlineMs)),
      );
    } catch (error) {
      failures.push({ identity, error });
    }
  };
  await Promise.all(needed.map(resolve));
  return { values, failures };
}

async function inTime<T>(name: string, answer: T | Promise<T>, deadlineMs: number): Promise<T> {
  if (!isPromise(answer)) return answer;
  return within(deadlineMs, answer, () => {
    const message = `${name} was not resolved within ${deadlineMs} ms, and the request was decided without it. Give what it waits for a separate deadline.`;
    throw new HeadgateError("IDENTITY_TIMEOUT", message);
  });
}

/** Tests for `then`, since a promise of another realm is no instance of this realm's Promise. */
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

/** Throws for a value that is not text: by mistake each request could otherwise get a separate count. */
function checked(name: string, value: unknown): string | undefined {
  if (value === null) return undefined;
  if (value === undefined || (typeof value === "string" && value.length <= MAX_VALUE)) return value;
  const given = typeof value === "string" ? `text of ${value.length} characters` : typeof value;
  const message = `The resolver of ${name} answered ${given}: it must return text of up to ${MAX_VALUE} characters, or undefined.`;
  throw new HeadgateError("IDENTITY_INVALID", message);
}

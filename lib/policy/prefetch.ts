import type { CompiledRule } from "./types.ts";

/** What Next's router sends with a prefetch, and our server for it where Next takes that off. */
const OF_NEXT = ["next-router-prefetch", "next-router-segment-prefetch", "x-headgate-prefetch"];

/** What browsers send, for speculation rules and <link rel="prefetch">; the first by the standard. */
const PURPOSES = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/**
 * Returns true for a request that states that it is a prefetch. A client can state so of any request; what
 * it gains is the limit for prefetches, and no more.
 */
export function isPrefetch({ method, headers }: Request): boolean {
  if (method !== "GET") return false;
  const isStated = (name: string) => headers.get(name)?.toLowerCase().startsWith("prefetch");
  return OF_NEXT.some((name) => headers.has(name)) || PURPOSES.some(isStated);
}

const SUFFIX = ":prefetch";

/** Returns the name of the rule that counts a rule's prefetches. No rule of a policy can have such a name. */
export function prefetchName(rule: string): string {
  return rule + SUFFIX;
}

/** The name that the policy states: a rule and the one beside it decide for the same clients. */
export function statedName({ name, isForPrefetches }: CompiledRule): string {
  return isForPrefetches ? name.slice(0, -SUFFIX.length) : name;
}

import type { CompiledRule } from "./types.ts";

/** The headers of prefetches: of Next's router, and of our server when Next removes those. */
const OF_NEXT = ["next-router-prefetch", "next-router-segment-prefetch", "x-headgate-prefetch"];

/** The headers of browsers, for speculation rules and <link rel="prefetch">. The first is the standard. */
const PURPOSES = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/**
 * Returns true for a request that states that it is a prefetch. A client can state this for any request, and
 * then gets the limit for prefetches, but no more.
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

/**
 * Returns the rule's name in the policy, so that a rule and its rule for prefetches are enforced for the same
 * clients.
 */
export function statedName({ name, isForPrefetches }: CompiledRule): string {
  return isForPrefetches ? name.slice(0, -SUFFIX.length) : name;
}

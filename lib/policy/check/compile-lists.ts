import type { Resolver } from "#lib/core/client";
import { readNetwork } from "#lib/core/networks";
import type { Condition } from "#lib/policy/define";
import type { Problems } from "#lib/policy/errors";
import type { CompiledListing } from "#lib/policy/types";
import { checkReason } from "./reason.ts";
import type { ParsedPolicy } from "./schema.ts";

const NAME = /^[a-z][a-z0-9-]{0,63}$/i;

/** The names that an entry may have before its colon, and the names of conditions. */
interface Names {
  readonly identities: readonly string[];
  readonly conditions: readonly string[];
}

/**
 * Reads the clients that a policy allows or blocks. It adds a problem for each mistake and leaves the mistake
 * out.
 */
export function compileLists(policy: ParsedPolicy, problems: Problems): readonly CompiledListing[] {
  const names = {
    identities: Object.keys(policy.identities ?? {}),
    conditions: Object.keys(policy.conditions ?? {}),
  };
  return (["allow", "block"] as const).flatMap((list) =>
    Object.entries(policy[list] ?? {}).flatMap(([text, reason], i) => {
      checkReason(reason, [list, text], problems);
      const client = readListed(text, names);
      if (client) return { list, place: i + 1, text, reason: String(reason), client };
      const known = [...names.identities.map((name) => `${name}:`), ...names.conditions];
      problems.add("BAD_LISTED_CLIENT", [list, text], text, ...known);
      return [];
    }),
  );
}

function readListed(
  text: string,
  { identities, conditions }: Names,
): CompiledListing["client"] | undefined {
  if (conditions.includes(text)) return { identity: text, value: HOLDS };
  const [identity, value] = split(text);
  // Resolvers return no values with blanks around them, so such an entry is mistyped.
  const isNamed = identities.includes(identity) && value !== "" && value === value.trim();
  return readNetwork(text) ?? (isNamed ? { identity, value } : undefined);
}

/** Returns the texts before and after the first colon. */
function split(text: string): readonly [identity: string, value: string] {
  const at = text.indexOf(":");
  return [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
}

/** The value of a condition that is met. */
const HOLDS = "yes";

/** Reads the conditions of a policy as resolvers, which return a value when the condition is met. */
export function compileConditions(
  { conditions = {}, identities = {} }: ParsedPolicy,
  problems: Problems,
): Readonly<Record<string, Resolver>> {
  const read = Object.entries(conditions).map(([name, condition]) => {
    const place = ["conditions", name];
    const isTaken = name === "ip" || name === "global" || Object.hasOwn(identities, name);
    if (isTaken || !NAME.test(name)) problems.add("BAD_CONDITION_NAME", place, name);
    if (typeof condition !== "function") {
      problems.add("BAD_VALUE", place, condition, "condition");
    }
    return [name, resolverOf(condition as Condition)] as const;
  });
  return Object.fromEntries(read);
}

function resolverOf(condition: Condition): Resolver {
  return (request) => {
    const holds = condition(request) as boolean | Promise<boolean> | null;
    return typeof holds === "object" && holds ? holds.then(valueOf) : valueOf(holds);
  };
}

/** Only `true` meets a condition. Otherwise a text such as "no" would meet it, too. */
function valueOf(holds: unknown): string | undefined {
  return holds === true ? HOLDS : undefined;
}

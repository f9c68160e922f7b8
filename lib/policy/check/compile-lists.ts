import type { Resolver } from "#lib/core/client";
import { withSuggestion } from "#lib/core/nearest";
import { readNetwork } from "#lib/core/networks";
import type { Condition } from "#lib/policy/define";
import type { Place, Problems } from "#lib/policy/errors";
import type { CompiledListing } from "#lib/policy/types";
import type { ParsedPolicy } from "./schema.ts";

const LISTED_FORM =
  'an address, a CIDR block such as "203.0.113.0/24", an identity and its value such as "user:ada", or the name of a condition';

const NAME = /^[a-z][a-z0-9-]{0,63}$/i;

/** Reads the clients that a policy allows or blocks. What is wrong is noted, and left out. */
export function compileLists(
  policy: ParsedPolicy,
  identities: readonly string[],
  problems: Problems,
): readonly CompiledListing[] {
  const conditions = Object.keys(policy.conditions ?? {});
  return (["allow", "block"] as const).flatMap((list) =>
    Object.entries(policy[list] ?? {}).flatMap(([text, reason], i) => {
      const place = [list, text];
      if (typeof reason !== "string" || reason.trim() === "") {
        problems.add("EMPTY_REASON", place, reason, "why, in a few words");
        return [];
      }
      const whom = readListed(text, identities, conditions);
      if (whom) return [{ list, place: i + 1, text, reason, whom }];
      const known = [...identities.map((name) => `${name}:…`), ...conditions];
      const allowed = `${LISTED_FORM}. Known: ${known.join(", ") || "no identity and no condition"}`;
      problems.add("BAD_LISTED_CLIENT", place, text, withSuggestion(allowed, text, conditions));
      return [];
    }),
  );
}

function readListed(
  text: string,
  identities: readonly string[],
  conditions: readonly string[],
): CompiledListing["whom"] | undefined {
  if (conditions.includes(text)) return { identity: text, value: HOLDS };
  const at = text.indexOf(":");
  const [identity, value] = [text.slice(0, at), text.slice(at + 1)];
  return identities.includes(identity) && value !== "" ? { identity, value } : readNetwork(text);
}

/** The value of a condition that holds. */
const HOLDS = "yes";

/** Reads the conditions of a policy, as resolvers: each has a value where the condition holds. */
export function compileConditions(
  { conditions = {} }: ParsedPolicy,
  identities: readonly string[],
  problems: Problems,
): Readonly<Record<string, Resolver>> {
  const read = Object.entries(conditions).map(([name, condition]) => {
    const place: Place = ["conditions", name];
    if (!NAME.test(name) || ["ip", "global", ...identities].includes(name)) {
      const allowed =
        "a letter, then up to 63 letters, digits or -; not the name of an identity, ip or global";
      problems.add("BAD_CONDITION_NAME", place, name, allowed);
    }
    if (typeof condition !== "function") {
      problems.add(
        "BAD_VALUE",
        place,
        condition,
        "a function of the request that returns true or false",
      );
    }
    return [name, resolverOf(condition as Condition)] as const;
  });
  return Object.fromEntries(read);
}

function resolverOf(condition: Condition): Resolver {
  return (request) => {
    const holds = condition(request);
    return typeof holds === "object" ? holds.then(valueOf) : valueOf(holds);
  };
}

/** Nothing but `true` holds: a promise, or a text that says no, would otherwise hold too. */
function valueOf(holds: unknown): string | undefined {
  return holds === true ? HOLDS : undefined;
}

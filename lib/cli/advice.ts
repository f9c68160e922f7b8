import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { everyLimit, select } from "#lib/policy/select";
import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import type { CompiledPolicy, CompiledRule } from "#lib/policy/types";

/**
 * Below this many requests a minute, the links of one page may use up a page's limit before the first click.
 */
const FEW_VISITS = 60;

/** Below this many requests a minute, the people of one office may use up the limit of their shared address. */
const FEW_FOR_AN_OFFICE = 300;

/** The paths on which sign-in libraries check the session, often and for each open page. */
const SESSIONS: readonly (readonly [library: RegExp, path: string])[] = [
  [/^(?:next-auth|@auth\/.*)$/, "/api/auth/session"],
  [/^better-auth$/, "/api/auth/get-session"],
];

/** Files that browsers fetch on their own, many for one page. */
const FILES = ["/logo.png", "/robots.txt", "/_next/image"];

/**
 * Returns a sentence for each rule that is valid but may not do what its author means.
 *
 * @param project the folder that holds package.json
 */
export function adviceFor(policy: AnyPolicy, project: string): readonly string[] {
  const compiled = compilePolicy(policy);
  return [
    ...prefetchAdvice(compiled),
    ...sessionAdvice(compiled, dependenciesOf(project)),
    ...fileAdvice(compiled),
  ];
}

function prefetchAdvice({ rules }: CompiledPolicy): string[] {
  return [...rules.values()]
    .filter((rule) => isForPages(rule) && rule.prefetchTimes === undefined)
    .filter((rule) => leastPerMinute(rule) < FEW_VISITS)
    .map(
      ({ name }) =>
        `${name}: the links of a page prefetch their targets, and each prefetch counts as a visit. prefetch: "apart" counts them in a separate limit (headgate/docs/guides/pages-and-prefetches.md#prefetches).`,
    );
}

function isForPages({ match, methods }: CompiledRule): boolean {
  const isPage = (pattern: string) => !/^\/(?:api|trpc|_next)(?:\/|$)|\.\w+$/.test(pattern);
  return match.some(isPage) && (methods?.has("GET") ?? true);
}

function sessionAdvice(policy: CompiledPolicy, dependencies: readonly string[]): string[] {
  return SESSIONS.flatMap(([library, path]) => {
    if (!dependencies.some((name) => library.test(name))) return [];
    return namesOf(policy, path, FEW_FOR_AN_OFFICE).map(
      (name) =>
        `${name}: it counts ${path}, which every open page requests often. A 429 there signs people out, and an office behind one address shares the limit. Leave the path out, or write another rule for it that replaces this one (headgate/docs/guides/pages-and-prefetches.md#session-checks).`,
    );
  });
}

function fileAdvice(policy: CompiledPolicy): string[] {
  const names = new Set(FILES.flatMap((path) => namesOf(policy, path, FEW_FOR_AN_OFFICE)));
  return [...names].map(
    (name) =>
      `${name}: it counts files such as ${FILES.join(", ")}, of which a page fetches many. Write a match for pages only, or exempt the files (headgate/docs/guides/pages-and-prefetches.md#files).`,
  );
}

/** Returns the rules that allow a GET of a path fewer than `perMinute` times a minute. */
function namesOf(policy: CompiledPolicy, path: string, perMinute: number): readonly string[] {
  const match = policy.match("GET", path);
  if (!match) return [];
  const shares = new Map(match.trials.map(({ rule }) => [rule, 0]));
  return select(match, { values: new Map(), shares })
    .rules.filter((rule) => leastPerMinute(rule) < perMinute)
    .map(({ name }) => name);
}

function leastPerMinute(rule: CompiledRule): number {
  return Math.min(...everyLimit(rule).map(({ limit, windowMs }) => (limit * 60_000) / windowMs));
}

function dependenciesOf(project: string): readonly string[] {
  const file = join(project, "package.json");
  if (!existsSync(file)) return [];
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly dependencies?: object;
    readonly devDependencies?: object;
  };
  return Object.keys({ ...dependencies, ...devDependencies });
}

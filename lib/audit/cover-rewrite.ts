import type { Built } from "./coverage.ts";
import { type Finding, finding, listed, WHOLE_MATCHER } from "./findings.ts";
import type { CasedRewrite } from "./manifests.ts";
import { METHODS } from "./methods.ts";
import { isExternal, type Rewriting, rewritingOf, type Way } from "./rewrites.ts";
import { ANY_OTHER } from "./routes.ts";

/** A rewrite, the rules that count its requests, and its findings. */
export interface CoveredRewrite {
  readonly source: string;
  readonly destination: string;
  readonly isExternal: boolean;
  /** The rules of a GET that apply to every sampled source. */
  readonly rules: readonly string[];
  readonly findings: readonly Finding[];
}

/** A rewrite that is sampled. */
interface Tried {
  readonly rewrite: CasedRewrite;
  readonly rewriting: Rewriting | undefined;
}

const ALL_METHODS = [...METHODS, ANY_OTHER];

/** The most examples in one paragraph. */
const MAX_EXAMPLES = 3;

/** The most paths that are sampled. */
const MAX_PATHS = 3000;

/** The most rewrites that are followed one after the other. */
const MAX_STEPS = 5;

/**
 * Checks for each rewrite whether its requests are counted by every rule of its destination.
 *
 * @param paths the paths of routes, and of the policy's patterns, to which a rewrite may lead
 */
export function coverRewrites(
  rewrites: readonly CasedRewrite[],
  paths: readonly string[],
  built: Built,
): readonly CoveredRewrite[] {
  const tried: readonly Tried[] = rewrites.map((rewrite) => ({
    rewrite,
    rewriting: isExternal(rewrite) ? undefined : rewritingOf(rewrite, built.site),
  }));
  const reached = withSources(paths, tried, built);
  return tried.map((one) => coverRewrite(one, reached, built));
}

/** Adds the sources of rewrites to the paths, because a rewrite may lead to the source of another. */
function withSources(
  paths: readonly string[],
  tried: readonly Tried[],
  { site }: Built,
): readonly string[] {
  const known = new Map(paths.slice(0, MAX_PATHS).map((path) => [path.toLowerCase(), path]));
  let added = [...known.values()];
  for (let step = 0; step < MAX_STEPS && added.length > 0; step++) {
    const before = added;
    added = [];
    const ways = tried.flatMap(({ rewriting }) =>
      before.flatMap((path) => rewriting?.waysTo(path) ?? []),
    );
    for (const { source } of ways) {
      const path = site.route(source);
      if (known.has(path.toLowerCase()) || known.size >= MAX_PATHS) continue;
      known.set(path.toLowerCase(), path);
      added.push(path);
    }
  }
  return [...known.values()];
}

function coverRewrite(
  { rewrite, rewriting }: Tried,
  paths: readonly string[],
  built: Built,
): CoveredRewrite {
  const { source, destination } = rewrite;
  const covered = { source, destination, isExternal: isExternal(rewrite) };
  if (covered.isExternal) return { ...covered, rules: [], findings: [] };
  const ways = [
    ...(rewriting?.ways ?? []),
    ...paths.flatMap((path) => rewriting?.waysTo(path) ?? []),
  ];
  const isUnknown = !rewriting || rewriting.isUntried || ways.length === 0;
  const mayBeLimited = paths.some(
    (path) => (rewriting?.couldBe(path) ?? true) && rulesAt(path, "POST", built).length > 0,
  );
  return {
    ...covered,
    rules: everyWhere(ways, built),
    findings: isUnknown && mayBeLimited ? [unknown(rewrite)] : findingsOf(rewrite, ways, built),
  };
}

function rulesAt(path: string, method: string, { gate, site }: Built): readonly string[] {
  return gate.rules(method, site.route(site.matched(path)))[0];
}

function everyWhere(ways: readonly Way[], built: Built): readonly string[] {
  const [first = [], ...others] = ways.map((way) => rulesBy(way, "GET", built)[0]);
  return first.filter((rule) => others.every((rules) => rules.includes(rule)));
}

/** Returns the rules that apply to a source. Outside the matcher, none do. */
function rulesBy({ source }: Way, method: string, { gate, site, runsFor }: Built) {
  return runsFor(source) ? gate.rules(method, site.route(source)) : ([[], []] as const);
}

interface Gap {
  readonly way: Way;
  readonly isOutside: boolean;
  readonly methods: readonly string[];
  readonly rules: readonly string[];
}

function findingsOf(rewrite: CasedRewrite, ways: readonly Way[], built: Built): Finding[] {
  const gaps = ways.flatMap((way) => gapOf(way, built) ?? []);
  const unseen = gaps.find((gap) => gap.isOutside);
  const inside = gaps.filter((gap) => !gap.isOutside);
  return [
    ...(unseen ? [outside(rewrite, unseen, built.basePath)] : []),
    ...(inside.length > 0 ? [uncovered(rewrite, inside)] : []),
  ];
}

function gapOf(way: Way, built: Built): Gap | undefined {
  const { gate, site, runsFor } = built;
  const destination = site.route(site.matched(way.destination));
  const missing = ALL_METHODS.map((method) => {
    const met = rulesBy(way, method, built);
    const wanted = gate.rules(method, destination);
    const rules = wanted.flatMap((names, i) => names.filter((name) => !met[i]?.includes(name)));
    return { method, rules };
  }).filter(({ rules }) => rules.length > 0);
  if (missing.length === 0) return undefined;
  return {
    way,
    isOutside: !runsFor(way.source),
    methods: missing.map(({ method }) => method),
    rules: [...new Set(missing.flatMap(({ rules }) => rules))],
  };
}

function about({ source, destination }: CasedRewrite) {
  return ["rewrite", `${source} → ${destination}`] as const;
}

/** Returns the finding of a rewrite, with an example for each rule that it bypasses. */
function uncovered(rewrite: CasedRewrite, gaps: readonly Gap[]): Finding {
  const rules = [...new Set(gaps.flatMap((gap) => gap.rules))];
  const examples = rules.map((rule) => gaps.find((gap) => gap.rules.includes(rule)));
  const said = [...new Set(examples)].flatMap((gap) => (gap ? exampleOf(gap) : []));
  const more = said.length > MAX_EXAMPLES ? `; and so on: ${named(rules)}` : "";
  return finding("REWRITE_UNCOVERED", about(rewrite), {
    subject: "next.config",
    given: said.slice(0, MAX_EXAMPLES).join("; ") + more,
    allowed: `the source in the match of ${named(rules)}, or rewrites that the gate knows (headgate/docs/guides/audit.md#rewrites)`,
  });
}

function exampleOf({ way, methods, rules }: Gap): string {
  // Rules do not count OPTIONS by default, so a gap of all other methods counts as a gap of every method.
  const isEvery = methods.length >= ALL_METHODS.length - 1;
  const how = isEvery ? "" : ` with ${listed(methods)}`;
  return `${way.source} reaches ${way.destination}${how} without ${named(rules)}`;
}

function outside(rewrite: CasedRewrite, { way, rules }: Gap, basePath: string): Finding {
  const isOtherBase = basePath !== "" && !way.source.startsWith(`${basePath}/`);
  return finding("REWRITE_OUTSIDE_MATCHER", about(rewrite), {
    subject: "next.config",
    given: `${way.source} reaches ${way.destination}, and is outside the matcher: ${named(rules)} is never checked`,
    allowed: isOtherBase
      ? "rewrites match the base path in any case, but the matcher does not: experimental: { caseSensitiveRoutes: true } in next.config, with the rewrite in afterFiles or fallback, because those in beforeFiles always match in any case"
      : `a matcher that covers every path but static files, in any case: ${WHOLE_MATCHER}`,
  });
}

function unknown(rewrite: CasedRewrite): Finding {
  return finding("REWRITE_UNKNOWN", about(rewrite), {
    subject: "next.config",
    given: "no path was found that its source matches, and its destination may be limited",
    allowed:
      "parameters whose expressions match a short text, such as :id, :id(\\d+) or :lang(en|de)",
  });
}

function named(rules: readonly string[]): string {
  return rules.length === 1 ? `rule ${rules[0]}` : `rules ${listed(rules)}`;
}

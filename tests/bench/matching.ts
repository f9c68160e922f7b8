import { match } from "path-to-regexp";
import { compilePolicy } from "#lib/policy/check/compile";
import { select } from "#lib/policy/select";
import { percentile } from "./numbers.ts";
import type { Report } from "./report/types.ts";

const RULES = [10, 100, 1000] as const;
const ROUNDS = 7;
/** The milliseconds of each round. */
const ROUND_MS = 100;

/**
 * Compares the search for a request's rules among 10, 100 and 1,000: Headgate's, including its normalization of
 * the path, and linear scans of the plain path by URLPattern and by path-to-regexp. Half the rules are
 * literal, half have a parameter. The paths match the first rule, one in the middle, the last, and no rule.
 *
 * @throws {Error} when a search does not find the expected rules
 */
export function benchMatching(): Report {
  const rows = RULES.map((count) => ({ count, ...compare(count) }));
  const [smallest] = rows;
  return {
    data: rows,
    wanted: [],
    tables: [
      {
        title: `Microseconds a path, medians of ${ROUNDS} rounds in alternation:`,
        head: [
          "rules",
          "Headgate, µs",
          "to 10 rules",
          "URLPattern, to Headgate",
          "path-to-regexp, to Headgate",
        ],
        rows: rows.map(({ count, headgate, urlPattern, pathToRegexp }) => [
          count,
          headgate.toFixed(2),
          (headgate / (smallest?.headgate ?? NaN)).toFixed(2),
          (urlPattern / headgate).toFixed(1),
          (pathToRegexp / headgate).toFixed(1),
        ]),
      },
    ],
  };
}

/** Finds the patterns that match a path. */
type Way = (path: string) => readonly string[];

function compare(count: number) {
  const patterns = Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? `/api/part-${i}` : `/api/part-${i}/:id`,
  );
  const odd = [2 * Math.floor(count / 4) + 1, count - 1];
  const cases = [
    { path: "/api/part-0", pattern: "/api/part-0" },
    ...odd.map((i) => ({ path: `/api/part-${i}/7`, pattern: `/api/part-${i}/:id` })),
    { path: "/about", pattern: undefined },
  ];
  const ways = [headgate(patterns), urlPattern(patterns), pathToRegexp(patterns)];
  for (const { path, pattern } of cases) {
    const isWrong = ways.some((find) => find(path).join() !== (pattern ?? ""));
    if (isWrong) throw new Error(`${path} should be found by ${pattern ?? "nothing"}.`);
  }
  const paths = cases.map(({ path }) => path);
  const rounds = Array.from({ length: ROUNDS }, () => ways.map((way) => microseconds(way, paths)));
  const of = (way: number) => {
    const times = rounds.map((round) => round[way] ?? NaN);
    return percentile(50, times);
  };
  return { headgate: of(0), urlPattern: of(1), pathToRegexp: of(2) };
}

function headgate(patterns: readonly string[]): Way {
  const limits = { ip: "5 per hour" };
  const rules = patterns.map((match, i) => [`rule${i}`, { match, limits }] as const);
  const policy = compilePolicy({ rules: Object.fromEntries(rules) });
  const anyClient = { values: new Map(), shares: new Map() };
  let calls = 0;
  return (path) => {
    // Results are cached by method and path, so a new method makes each path a new search.
    calls += 1;
    const found = policy.match(`GET${calls}`, path);
    const rules = found && (found.forAll ?? select(found, anyClient)).rules;
    return rules?.flatMap((rule) => rule.match) ?? [];
  };
}

function urlPattern(patterns: readonly string[]): Way {
  const compiled = patterns.map((pattern) => new URLPattern({ pathname: pattern }));
  return (path) => patterns.filter((_, i) => compiled[i]?.test({ pathname: path }));
}

function pathToRegexp(patterns: readonly string[]): Way {
  const compiled = patterns.map((pattern) => match(pattern));
  return (path) => patterns.filter((_, i) => compiled[i]?.(path));
}

function microseconds(find: Way, paths: readonly string[]): number {
  const began = performance.now();
  let done = 0;
  while (performance.now() - began < ROUND_MS) {
    for (const path of paths) find(path);
    done += paths.length;
  }
  return ((performance.now() - began) * 1000) / done;
}

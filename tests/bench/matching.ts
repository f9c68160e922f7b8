import { match } from "path-to-regexp";
import { compilePolicy } from "#lib/policy/compile";
import { percentile, printTable } from "./numbers.ts";

const RULES = [10, 100, 1000] as const;
const ROUNDS = 7;
/** Milliseconds of each round. */
const ROUND_MS = 100;

/**
 * Compares finding a request's rules among 10, 100 and 1,000: ours, with all that it does to a path
 * before, and a linear scan of the plain path by URLPattern and by path-to-regexp. Half the rules are
 * literal, half have a parameter; the paths match the first, the middle and the last rule, and none.
 *
 * @throws {Error} where two of them do not find the same
 */
export function benchMatching() {
  const rows = RULES.map((count) => ({ count, ...compare(count) }));
  const [smallest] = rows;
  console.log("\nMatching: microseconds a path, medians of rounds in alternation\n");
  printTable(
    ["rules", "Headgate", "to 10 rules", "URLPattern", "path-to-regexp"],
    rows.map(({ count, headgate, urlPattern, pathToRegexp }) => [
      count,
      headgate.toFixed(2),
      (headgate / (smallest?.headgate ?? NaN)).toFixed(2),
      `${urlPattern.toFixed(2)} (${(urlPattern / headgate).toFixed(1)} ×)`,
      `${pathToRegexp.toFixed(2)} (${(pathToRegexp / headgate).toFixed(1)} ×)`,
    ]),
  );
  return { rows };
}

function compare(count: number) {
  const patterns = Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? `/api/part-${i}` : `/api/part-${i}/:id`,
  );
  const middle = count / 2 + ((count / 2 + 1) % 2);
  const paths = ["/api/part-0", `/api/part-${middle}/7`, `/api/part-${count - 1}/7`, "/about/us"];
  const ours = compilePolicy({
    rules: Object.fromEntries(
      patterns.map((pattern, i) => [`rule${i}`, { match: pattern, limits: { ip: "5 per hour" } }]),
    ),
  });
  const urlPatterns = patterns.map((pathname) => new URLPattern({ pathname }));
  const matchers = patterns.map((pattern) => match(pattern));
  const ways = [
    (path: string) => ours.rulesFor("GET", path) !== undefined,
    (path: string) => urlPatterns.filter((one) => one.test({ pathname: path })).length > 0,
    (path: string) => matchers.filter((one) => one(path) !== false).length > 0,
  ];
  for (const [i, path] of paths.entries()) {
    const wrong = ways.findIndex((finds) => finds(path) !== i < 3);
    if (wrong >= 0) throw new Error(`${path} is not matched as it should be (way ${wrong}).`);
  }
  const rounds = Array.from({ length: ROUNDS }, () => ways.map((way) => microseconds(way, paths)));
  const of = (way: number) =>
    percentile(
      50,
      rounds.map((round) => round[way] ?? NaN),
    );
  return { headgate: of(0), urlPattern: of(1), pathToRegexp: of(2) };
}

function microseconds(finds: (path: string) => boolean, paths: readonly string[]): number {
  const began = performance.now();
  let done = 0;
  while (performance.now() - began < ROUND_MS) {
    for (const path of paths) finds(path);
    done += paths.length;
  }
  return ((performance.now() - began) * 1000) / done;
}

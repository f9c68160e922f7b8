import { type Finding, finding, listed, WHOLE_MATCHER } from "./findings.ts";
import type { Gate } from "./gate.ts";
import { ANY_OTHER, type Route } from "./routes.ts";
import type { Site } from "./site.ts";

/** What covers some methods of a route: rules, an exemption, or nothing. */
export interface Cover {
  readonly methods: readonly string[];
  /** The rules that apply to every path of the route. */
  readonly rules: readonly string[];
  /** The rules that apply to only some of its paths. */
  readonly someRules: readonly string[];
  /** The reasons of exemptions. */
  readonly exempt: readonly string[];
  /** The path that nothing covers; undefined when all are covered. */
  readonly gap?: Gap;
}

interface Gap {
  readonly path: string;
  readonly why: "outside the matcher" | "no rule";
  /** True when other paths of the route are covered. */
  readonly isPartial: boolean;
}

export interface CoveredRoute {
  readonly route: Route;
  readonly covers: readonly Cover[];
  readonly findings: readonly Finding[];
}

/** The parts of the built app that coverage depends on. */
export interface Built {
  readonly gate: Gate;
  readonly site: Site;
  /** Returns true when the middleware runs for a path with its base path. */
  readonly runsFor: (matched: string) => boolean;
  readonly basePath: string;
}

/** Finds what covers a route, by every sample of its path. */
export function coverRoute(route: Route, samples: readonly string[], built: Built): CoveredRoute {
  const alone = route.methods.map((method) => coverMethod(route, method, samples, built));
  const covers = joinAlike(alone);
  return { route, covers, findings: covers.flatMap((cover) => findingOf(route, cover)) };
}

function coverMethod(
  route: Route,
  method: string,
  samples: readonly string[],
  built: Built,
): Cover {
  const checked = samples.map((sample) => checkSample(method, sample, built));
  const needed = checked.filter((one) => isNeeded(route, method, one));
  const gap =
    gapOf("outside the matcher", needed, ({ isInside }) => !isInside) ??
    gapOf("no rule", needed, ({ rules, reason }) => rules.length === 0 && reason === undefined);
  const counted = checked.filter(({ reason }) => reason === undefined);
  const met = [...new Set(counted.flatMap(({ rules }) => rules))];
  const isEverywhere = (rule: string) => counted.every(({ rules }) => rules.includes(rule));
  const reasons = checked.flatMap(({ reason }) => reason ?? []);
  return {
    methods: [method],
    rules: met.filter(isEverywhere),
    someRules: met.filter((rule) => !isEverywhere(rule)),
    exempt: [...new Set(reasons)],
    ...(gap && { gap }),
  };
}

function gapOf(
  why: Gap["why"],
  checked: readonly Checked[],
  isOpen: (one: Checked) => boolean,
): Gap | undefined {
  const open = checked.filter(isOpen);
  const [first] = open;
  return first && { path: first.path, why, isPartial: open.length < checked.length };
}

type Checked = ReturnType<typeof checkSample>;

function checkSample(method: string, sample: string, { gate, site, runsFor }: Built) {
  const matched = site.matched(sample);
  const path = site.route(matched);
  const [rules] = gate.rules(method, path);
  // The gate exempts a path in all its readings or not at all. When no rule applies to any reading, the path
  // is not counted either, and the router's reading shows whether the policy exempts it.
  const routed = rules.length > 0 ? path : path.replace(/%(?:2f|5c)/gi, "-");
  return { path, isInside: runsFor(matched), rules, reason: gate.exemption(routed) };
}

/**
 * Returns true when a method must be covered: code must be, with Server Actions of pages. A page or a file
 * must be covered only when a rule applies to it and is never checked.
 */
function isNeeded({ kind }: Route, method: string, { isInside, rules }: Checked): boolean {
  const isAction = kind === "page" && method === "POST";
  const isCode = kind === "handler" || kind === "generated" || isAction;
  return isCode || (!isInside && rules.length > 0);
}

function joinAlike(covers: readonly Cover[]): readonly Cover[] {
  const joined = new Map<string, Cover>();
  for (const cover of covers) {
    const { methods, ...rest } = cover;
    const id = JSON.stringify(rest);
    joined.set(id, { ...cover, methods: [...(joined.get(id)?.methods ?? []), ...methods] });
  }
  return [...joined.values()];
}

function findingOf(route: Route, { methods, gap }: Cover): Finding[] {
  if (!gap) return [];
  const subject = route.file;
  const about = ["route", route.path] as const;
  if (gap.why === "outside the matcher") {
    return [
      finding("OUTSIDE_MATCHER", about, {
        subject,
        given: `${gap.path} is outside the matcher: the middleware does not run, and no rule is checked`,
        allowed:
          gap.path === "/favicon.ico"
            ? "a file public/favicon.ico or app/favicon.ico, which answers before the route does"
            : `a matcher that covers every path but static files: ${WHOLE_MATCHER}`,
      }),
    ];
  }
  return [
    finding("NOT_COVERED", about, {
      subject,
      given: `no rule covers ${listed(methods.map(inWords))} ${gap.path}, and it is not exempt`,
      allowed: allowedFor(route, methods),
    }),
  ];
}

function allowedFor({ kind }: Route, methods: readonly string[]): string {
  if (methods.every((method) => method === "OPTIONS")) {
    return 'a rule with methods: ["OPTIONS"]: a handler of the pages router also runs for OPTIONS, which a rule counts only when it names it';
  }
  if (kind === "page") {
    return "a rule that covers the page's Server Actions on every path, or its path under exempt, with the reason; or the policy's locales, when the app's own middleware puts a locale before its paths";
  }
  return "a rule whose match and methods cover it, or its path under exempt, with the reason";
}

function inWords(method: string): string {
  return method === ANY_OTHER ? "any other method (such as PROPFIND)" : method;
}

import { nodesOf } from "#lib/source/parse";
import { type Limiter, ruleName } from "./limiters.ts";
import { isInMiddleware, matchOf } from "./paths.ts";
import { keyOf, type Project } from "./project.ts";
import type { Use } from "./uses.ts";
import { part } from "./place.ts";
import { constantOf, finals } from "./values.ts";
import { subjectOf, type CountedClient, clientOf } from "./counted-client.ts";
import type { Counting } from "./windows.ts";

/** A rule that replaces a limiter for one kind of client. */
export interface Rule {
  readonly name: string;
  readonly limiter: Limiter;
  readonly counting: Counting;
  readonly client: CountedClient;
  /** The paths for which middleware makes the call; empty for a rule that is called from code. */
  readonly match: readonly string[];
  readonly methods: readonly string[];
  /** The units that a request consumes, if all calls agree. */
  readonly cost: number;
  readonly uses: readonly Use[];
  /** Why the rule of a call in middleware has no `match`; undefined when it has one. */
  readonly unmatched: string | undefined;
}

/** A client of whom the source shows only the identifier in the call. */
const ANY_CALLER: CountedClient = {
  names: ["caller"],
  combined: "first",
  label: "",
  request: undefined,
  values: {},
};

/** Returns the client that a use counts, by its identifier. */
export function clientOfUse(project: Project, { identifier }: Use): CountedClient {
  project.ask();
  return (identifier && clientOf(project, identifier)) ?? ANY_CALLER;
}

/**
 * Returns the rules that replace the limiters of an app: one for each limiter and each kind of client.
 *
 * @param taken the names of other rules
 */
export function rulesOf(
  project: Project,
  uses: readonly Use[],
  taken: ReadonlySet<string>,
): readonly Rule[] {
  const groups = new Map<
    string,
    { limiter: Limiter; counting: Counting; client: CountedClient; uses: Use[] }
  >();
  for (const use of uses) {
    const client = clientOfUse(project, use);
    for (const limiter of use.limiters) {
      const { counting } = limiter;
      if (!counting) continue;
      const id = JSON.stringify([limiter.id, subjectOf(client), client.label]);
      const group = groups.get(id) ?? { limiter, counting, client, uses: [] };
      group.uses.push(use);
      groups.set(id, group);
    }
  }
  const names = new Set(taken);
  const all = [...groups.values()];
  return all.map((group) => {
    const { id, name: own } = group.limiter;
    const siblings = all.filter(({ limiter }) => limiter.id === id && limiter.name === own);
    const wanted = wantedOf(project, group.uses, group.client);
    const name = freeName(nameOf({ ...group, ...wanted }, siblings.length > 1), names);
    names.add(name);
    return { name, ...group, ...wanted };
  });
}

function nameOf(rule: Omit<Rule, "name">, hasSiblings: boolean): string {
  const { limiter, client } = rule;
  const own = limiter.name || ruleName(client.label) || pathName(rule);
  if (!hasSiblings) return own || "requests";
  const label = ruleName(client.label);
  if (own === "" || own === label) return label || `requests-${subjectWords(client)}`;
  return `${own}-${label || subjectWords(client)}`;
}

function subjectWords(client: CountedClient): string {
  return ruleName(subjectOf(client).replace(/[|+]/g, "-"));
}

/** Returns a name from the paths of a rule, or from the folder of the only route that calls it. */
function pathName({ match, uses }: Pick<Rule, "match" | "uses">): string {
  const [first, ...others] = match;
  if (first !== undefined && others.length === 0) return ruleName(first.replace(/[:(].*/, ""));
  const routes = new Set(uses.map(({ from }) => routeName(from.module.path)));
  const [route = ""] = routes;
  return first === undefined && routes.size === 1 ? ruleName(route) : "";
}

/** "notes" of app/api/notes/[id]/route.ts and of pages/api/notes.ts; "" for a file that is not a route. */
function routeName(path: string): string {
  const [, below = ""] = /^(?:src\/)?(?:app|pages)\/(.+)\.\w+$/.exec(path) ?? [];
  const segments = below.split("/");
  const own = segments.filter(
    (one) => !/^(?:[[(_@].*|route|page|layout|actions?|index)$/.test(one),
  );
  return own.at(-1) ?? "";
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const name = /^[a-z]/.test(wanted) ? wanted : `limit-${wanted}`;
  for (let i = 1; ; i += 1) {
    const tried = i === 1 ? name : `${name}-${i}`;
    if (!taken.has(tried)) return tried;
  }
}

/** Returns the requests of a rule, from its uses in middleware. */
function wantedOf(
  project: Project,
  uses: readonly Use[],
  client: CountedClient,
): Pick<Rule, "match" | "methods" | "cost" | "unmatched"> {
  const costs = [...new Set(uses.map((use) => costOf(project, use)))];
  const cost = costs.length === 1 ? (costs[0] ?? 1) : 1;
  const early = uses.filter((use) => isInMiddleware(use) && use.method === "limit");
  const none = { match: [], methods: [], cost };
  if (early.length === 0) return { ...none, unmatched: undefined };
  const named = client.names.find((name) => name !== "ip");
  if (named !== undefined) {
    return { ...none, unmatched: `before the handler the gate knows no "${named}"` };
  }
  const matched = early.map((use) => {
    project.ask();
    return matchOf(project, use);
  });
  const problem = matched.find((one) => "problem" in one);
  if (problem) return { ...none, unmatched: problem.problem };
  const found = matched.flatMap((one) => ("match" in one ? [one] : []));
  const methods = new Set(found.map((one) => one.methods.join(" ")));
  return {
    match: [...new Set(found.flatMap(({ match }) => match))],
    methods: methods.size === 1 ? (found[0]?.methods ?? []) : [],
    cost,
    unmatched: undefined,
  };
}

/** The `rate` of `limit(identifier, { rate })`: undefined when it is known only at run time. */
export function costOf(project: Project, { options }: Use): number | undefined {
  const object = options && finals(project, options)[0];
  const property = nodesOf(object?.node["properties"]).find((one) => keyOf(one) === "rate");
  const value = object && property && part(object, property["value"]);
  if (!value) return 1;
  const rate = constantOf(project, value);
  return typeof rate === "number" && Number.isSafeInteger(rate) && rate >= 1 ? rate : undefined;
}

import { exemptionOf, type Kind, kindOf, KINDS, WRITES } from "./kinds.ts";
import type { AppRoute } from "./routes.ts";

/** A rule that init writes into a policy. */
export interface DraftRule {
  readonly name: string;
  /** Comment lines above it: the routes that it covers, and the reason for its numbers. */
  readonly comment: readonly string[];
  readonly match: readonly string[];
  /** The methods; undefined for all except OPTIONS. */
  readonly methods?: readonly string[];
  readonly replaces?: readonly string[];
  /** The limits, for one address. */
  readonly limits: readonly string[];
  /** A request that the rule counts, for the curl command in the last lines. */
  readonly sample: { readonly method: string; readonly path: string };
}

/** The content of a generated policy. */
export interface Draft {
  /** Patterns without any rule, each with its reason. */
  readonly exempt: Readonly<Record<string, string>>;
  readonly rules: readonly DraftRule[];
}

/** The most routes that a rule's comment names. `headgate audit` lists all. */
const MOST_LISTED = 12;

const WHOLE_API = "/api/:path*";

/**
 * Drafts the rules of an app's routes: wide rules that cover every route, and a narrower one for each group
 * of routes that is often attacked or costs more.
 */
export function draftRules(routes: readonly AppRoute[]): Draft {
  const exempt = routes.filter((it) => exemptionOf(it) !== undefined);
  const counted = routes.filter((it) => exemptionOf(it) === undefined);
  const handlers = counted.filter(({ kind }) => kind === "handler");
  const narrow = KINDS.flatMap((kind) => {
    const members = counted.filter((it) => kindOf(it) === kind);
    return members.length > 0 ? [narrowRule(kind, members)] : [];
  });
  const wide = [
    apiRule(handlers),
    ...preflightRule(handlers),
    ...writesRule(handlers.filter((it) => kindOf(it) === undefined)),
    ...generatedRule(counted),
    ...actionsRule(counted),
  ];
  const isWide = (name: string) => wide.some((rule) => rule.name === name);
  return {
    exempt: Object.fromEntries(
      exempt.flatMap((route) =>
        route.patterns.map((pattern) => [pattern, exemptionOf(route) ?? ""] as const),
      ),
    ),
    rules: [
      ...wide,
      ...narrow.map(({ replaces, ...rule }) => ({
        ...rule,
        ...(replaces && { replaces: replaces.filter(isWide) }),
      })),
    ],
  };
}

function apiRule(handlers: readonly AppRoute[]): DraftRule {
  const outside = patternsOutside(handlers);
  const [sample] = handlers.filter(({ methods }) => methods.includes("GET")).toSorted(bySample);
  return {
    name: "api",
    comment: [
      ...listed(handlers.filter((it) => kindOf(it) === undefined)),
      "Every path below /api and every new one, in addition to the rules below. It is wide, because an",
      "office behind one address shares it, and sign-in libraries request the session on every page.",
    ],
    match: [WHOLE_API, ...outside],
    limits: ["600 per minute"],
    sample: { method: "GET", path: sample?.sample ?? "/api/hello" },
  };
}

/**
 * Next also calls a handler of the pages router for OPTIONS, which a rule covers only when it names the
 * method.
 */
function preflightRule(handlers: readonly AppRoute[]): readonly DraftRule[] {
  const first = handlers.find(({ takesAny }) => takesAny);
  if (!first) return [];
  return [
    {
      name: "preflight",
      comment: [
        "Next runs the handlers of pages/api for OPTIONS too, and a rule without methods leaves OPTIONS free.",
      ],
      match: [WHOLE_API],
      methods: ["OPTIONS"],
      limits: ["600 per minute"],
      sample: { method: "OPTIONS", path: first.sample },
    },
  ];
}

function writesRule(handlers: readonly AppRoute[]): readonly DraftRule[] {
  const writing = handlers.filter((it) => it.methods.some(isWrite));
  const [first] = writing.toSorted(bySample);
  if (!first) return [];
  return [
    {
      name: "writes",
      comment: [
        ...listed(writing, isWrite),
        "One a second is more than a person saves. A client that sends many small changes needs more.",
      ],
      match: [WHOLE_API, ...patternsOutside(writing)],
      methods: WRITES,
      limits: ["60 per minute"],
      sample: { method: first.methods.find(isWrite) ?? "POST", path: first.sample },
    },
  ];
}

function generatedRule(routes: readonly AppRoute[]): readonly DraftRule[] {
  const generated = routes.filter(({ kind }) => kind === "generated");
  const [first] = generated;
  if (!first) return [];
  return [
    {
      name: "generated",
      comment: [
        ...listed(generated),
        "Images, sitemaps and the like that code may make for each request: crawlers fetch several for a page.",
      ],
      match: unique(generated.flatMap(({ patterns }) => patterns)),
      methods: ["GET"],
      limits: ["300 per minute"],
      sample: { method: "GET", path: first.sample },
    },
  ];
}

function actionsRule(routes: readonly AppRoute[]): readonly DraftRule[] {
  const [page] = routes.filter(({ kind }) => kind === "page").toSorted(bySample);
  if (!page) return [];
  return [
    {
      name: "server-actions",
      comment: [
        "A Server Action is a POST to the page that it is on. This limit covers the actions of all pages;",
        "a rule whose match is one page applies in addition.",
      ],
      match: ["/((?!api/).*)"],
      methods: ["POST"],
      limits: ["60 per minute"],
      sample: { method: "POST", path: page.sample },
    },
  ];
}

function narrowRule(kind: Kind, members: readonly AppRoute[]): DraftRule {
  const writes = unique(members.flatMap(({ methods }) => methods.filter(isWrite)));
  const methods = kind.writesOnly ? WRITES.filter((method) => writes.includes(method)) : undefined;
  const [first] = members.toSorted(bySample);
  const ofMember = first?.kind === "page" ? ["POST"] : (first?.methods ?? []);
  const counted = (method: string) => methods?.includes(method) ?? true;
  return {
    name: kind.name,
    comment: [...listed(members, kind.writesOnly ? isWrite : undefined), ...kind.why],
    match: unique(members.flatMap(({ patterns }) => patterns)),
    ...(methods && { methods }),
    ...(kind.replaces && { replaces: widest(members) }),
    limits: kind.limits,
    sample: { method: ofMember.find(counted) ?? "POST", path: first?.sample ?? "/" },
  };
}

/** Compares routes for the example: a handler before a page, and a path without parameters first. */
function bySample(a: AppRoute, b: AppRoute): number {
  const rank = ({ kind, path }: AppRoute) =>
    (kind === "page" ? 2 : 0) + (path.includes("[") ? 1 : 0);
  return rank(a) - rank(b);
}

/** Returns a line for each route with its methods: "POST /api/login". */
function listed(
  routes: readonly AppRoute[],
  isListed: (method: string) => boolean = () => true,
): readonly string[] {
  const lines = routes.map(({ kind, methods, path, takesAny }) => {
    if (kind === "page") return `POST ${path} (the page's Server Actions)`;
    return takesAny ? path : `${methods.filter(isListed).join(", ")} ${path}`;
  });
  const more = lines.length - MOST_LISTED;
  if (more < 2) return lines;
  return [...lines.slice(0, MOST_LISTED), `and ${more} more, which npx headgate audit lists`];
}

function patternsOutside(routes: readonly AppRoute[]): readonly string[] {
  return unique(
    routes.filter(({ segments }) => segments[0] !== "api").flatMap(({ patterns }) => patterns),
  );
}

/**
 * Returns the wide rules that apply to handlers. The rule of Server Actions applies only to handlers outside
 * /api.
 */
function widest(handlers: readonly AppRoute[]): readonly string[] {
  const isOutside = patternsOutside(handlers).length > 0;
  return ["api", "writes", ...(isOutside ? ["server-actions"] : [])];
}

function isWrite(method: string): boolean {
  return WRITES.includes(method);
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}

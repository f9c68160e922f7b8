import { pathToRegexp } from "path-to-regexp";
import { HeadgateError } from "#lib/core/errors";
import { pathnameOf } from "#lib/policy/path";

/** A condition of a matcher, in the form of Next's. */
export interface MatcherCondition {
  /**
   * The part of the request that is compared.
   * @example
   * const matcher = { source: "/account", has: [{ type: "cookie", key: "session" }] } as const;
   * gate.wrap(middleware, { matcher });
   */
  readonly type: "header" | "cookie" | "query" | "host";
  /**
   * The name of the header, cookie or parameter. A condition on the host needs no name.
   * @default no name
   * @example
   * const matcher = { source: "/account", has: [{ type: "cookie", key: "session" }] } as const;
   * gate.wrap(middleware, { matcher });
   */
  readonly key?: string;
  /**
   * A regular expression for the whole value.
   * @default any value
   * @example
   * const matcher = { source: "/:path*", has: [{ type: "host", value: "admin[.]shop[.]example" }] } as const;
   * gate.wrap(middleware, { matcher });
   */
  readonly value?: string;
}

/** One entry of a matcher, in the form of Next's `config.matcher`. */
export type MatcherEntry =
  | string
  | {
      /**
       * The pattern of the paths.
       * @example
       * gate.wrap(middleware, { matcher: { source: "/account/:path*" } });
       */
      readonly source: string;
      /**
       * The conditions that a request must meet, all of them.
       * @default no condition
       * @example
       * const matcher = { source: "/account", has: [{ type: "cookie", key: "session" }] } as const;
       * gate.wrap(middleware, { matcher });
       */
      readonly has?: readonly MatcherCondition[];
      /**
       * The conditions that a request must not meet.
       * @default no condition
       * @example
       * const matcher = { source: "/", missing: [{ type: "header", key: "next-router-prefetch" }] } as const;
       * gate.wrap(middleware, { matcher });
       */
      readonly missing?: readonly MatcherCondition[];
      /**
       * As in Next: the path is compared without the locale of next.config.
       * @default the same, since the gate sees paths without that locale
       * @example
       * gate.wrap(middleware, { matcher: { source: "/account/:path*", locale: false } });
       */
      readonly locale?: false;
    };

/**
 * Runs an app's own middleware on the paths of a matcher, and passes on every other request. The gate must
 * see all requests, and other middleware, such as next-intl's, must not see those for the API and files.
 *
 * @param matcher in the form of Next's `config.matcher`, without the base path. A condition on a header of
 * Next's router, such as next-router-prefetch, needs `skipProxyUrlNormalize`: otherwise Next removes the
 * header before middleware runs
 * @throws {HeadgateError} MATCHER_INVALID when a source or a value is no pattern
 * @example
 * headgate(policy, options, runsOn("/((?!api|_next|.*\\..*).*)", createMiddleware(routing)));
 */
export function runsOn<R extends Request, E, A>(
  matcher: MatcherEntry | readonly MatcherEntry[],
  middleware: (request: R, event: E) => A,
): (request: R, event: E) => A | undefined {
  const entries = Array.isArray(matcher) ? (matcher as readonly MatcherEntry[]) : [matcher];
  const tests = entries.map((entry) => compileEntry(entry as MatcherEntry));
  return (request, event) => {
    const pathname = pathnameOf(request);
    return tests.some((test) => test(request, pathname)) ? middleware(request, event) : undefined;
  };
}

function compileEntry(entry: MatcherEntry): (request: Request, pathname: string) => boolean {
  const { source, has = [], missing = [] } = typeof entry === "string" ? { source: entry } : entry;
  const path = compiled(source, () => pathToRegexp(source, [], { sensitive: true }));
  const conditions = (given: readonly MatcherCondition[]) =>
    given.map((one) => ({ ...one, value: compiled(one.value, () => expression(one.value)) }));
  const needed = conditions(has);
  const refused = conditions(missing);
  return (request, pathname) =>
    (path.test(pathname) || path.test(decoded(pathname))) &&
    needed.every((condition) => isMet(request, condition)) &&
    !refused.some((condition) => isMet(request, condition));
}

function expression(value = ".*"): RegExp {
  return new RegExp(`^(?:${value})$`, "s");
}

function compiled(given: string | undefined, make: () => RegExp): RegExp {
  try {
    return make();
  } catch (cause) {
    const message = `The matcher ${JSON.stringify(given)} must be a pattern as in Next's config.matcher.`;
    throw new HeadgateError("MATCHER_INVALID", message, { cause });
  }
}

/** Returns a text without its escapes; unchanged when they are not UTF-8. */
function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

type Condition = Omit<MatcherCondition, "value"> & { readonly value: RegExp };

function isMet(request: Request, { type, key = "", value }: Condition): boolean {
  const found = valueOf(request, type, key);
  return Boolean(found) && value.test(found ?? "");
}

function valueOf(request: Request, type: MatcherCondition["type"], key: string) {
  const url = new URL(request.url);
  switch (type) {
    case "header":
      return request.headers.get(key);
    case "query":
      return url.searchParams.getAll(key).at(-1);
    case "host":
      return (request.headers.get("host") ?? url.host).split(":")[0]?.toLowerCase();
    case "cookie":
      return cookieOf(request.headers.get("cookie") ?? "", key);
  }
}

function cookieOf(header: string, key: string): string | undefined {
  const pairs = header.split(";").map((pair) => pair.trim());
  const value = pairs.find((pair) => pair.startsWith(`${key}=`))?.slice(key.length + 1);
  return value && decoded(value.replace(/^"(.*)"$/, "$1"));
}

/** Nothing in the path that has more than one reading or spelling: most requests end here. */
const PLAIN = /^(?:\/[A-Za-z0-9_~-]+)+$/;

/** A URL whose path stays as it is when the URL is parsed. */
const PLAIN_URL = /^https?:\/\/[^/?#\\]+((?:\/[A-Za-z0-9_~-]+)+)(?:[?#]|$)/;

/** A request's path as Next's router takes it. */
export interface RoutedPath {
  /** As it was sent, but for basePath and locale, which are no part of a route. */
  readonly pathname: string;
  /** Whether the app has locales (`i18n`), which may then stand where they were not looked for. */
  readonly hasLocales: boolean;
}

/**
 * The path of a request. Where it is Next's own, its `nextUrl` knows the app's basePath and locales
 * and has taken both off; any other has its path as it is.
 */
export function routedPath(request: Request): RoutedPath {
  if (!isNextRequest(request)) return { pathname: pathnameIn(request.url), hasLocales: false };
  const { nextUrl } = request;
  const pathname = withLostPart(nextUrl.pathname, nextUrl);
  return { pathname, hasLocales: Boolean(nextUrl.locale) };
}

/** The path of a request as Next's matchers see it, without basePath and locale. */
export function pathnameOf(request: Request): string {
  return isNextRequest(request) ? request.nextUrl.pathname : pathnameIn(request.url);
}

/** Returns the path of an absolute URL. Reading a plain one costs a fraction of making a URL of it. */
function pathnameIn(url: string): string {
  return PLAIN_URL.exec(url)?.[1] ?? new URL(url).pathname;
}

/**
 * Next takes `.rsc` off before the middleware sees a path, and not before the handler does: of
 * `/users/.rsc` the handler has the user ".rsc" and we have `/users/`. It redirects paths that end in a
 * slash, so that nothing else looks so; but where `trailingSlash` is set, all do, and the part is lost.
 */
function withLostPart(pathname: string, nextUrl: NextRequest["nextUrl"]): string {
  if (pathname.length < 2 || !pathname.endsWith("/") || endsInSlash(nextUrl)) return pathname;
  return `${pathname}.rsc`;
}

/** Whether the app has `trailingSlash`, which a URL of Next's knows and shows in how it is written. */
function endsInSlash(nextUrl: NextRequest["nextUrl"]): boolean {
  const probe = nextUrl.clone();
  probe.href = new URL("/", nextUrl.href).href;
  probe.pathname = "/probe";
  return probe.href.endsWith("/");
}

/** What we read of NextRequest, without the `next` package. */
interface NextRequest extends Request {
  readonly nextUrl: {
    readonly locale: string;
    pathname: string;
    href: string;
    clone(): NextRequest["nextUrl"];
  };
}

function isNextRequest(request: Request): request is NextRequest {
  return "nextUrl" in request;
}

/** How many of Next's additions are taken off one path: bounds the number of readings. */
const MAX_FOLDS = 3;

/**
 * The path, or paths, that rules match on. Percent-encoding is decoded once, as Next's router does;
 * what Next adds to a page's path (`.rsc`, `/_next/data/<build>/….json`, `….segments/….segment`, the
 * `(..)` of an intercepting route) is folded back to the page; dot segments, doubled slashes, backslashes and a trailing slash go.
 *
 * Where a path can be read in more than one way (`a%2fb` is one segment to the router and two to a
 * handler; a page may be named `x.rsc`) all readings are returned, and a rule applies if it matches
 * any: the stricter reading. The first is the most literal. Never throws, whatever the path; the
 * work is linear in its length.
 *
 * @param hasLocales whether the app has locales: the page in `/_next/data/<build>/<locale>/….json` is
 * then read without the locale too
 */
export function pathReadings(pathname: string, hasLocales = false): readonly string[] {
  if (PLAIN.test(pathname)) return [pathname];
  const decoded = [decode(keepSeparators(pathname)), decode(pathname)];
  return [...new Set(decoded.flatMap((path) => [...pagesOf(resolve(path), hasLocales)]))];
}

/** The path as it was sent, and the pages that it may stand for: what rewrites are found on. */
export function rawPages(pathname: string, hasLocales: boolean): readonly string[] {
  return PLAIN.test(pathname) ? [pathname] : [...pagesOf(resolve(pathname), hasLocales)];
}

/** An encoded slash or backslash stays encoded once, and so inside its segment. */
function keepSeparators(path: string): string {
  return path.replace(/%(?=2f|5c)/gi, "%25");
}

/** Decodes once. What is not UTF-8 stays as it was, but for the letters beside it. */
function decode(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded.replace(/%[0-7][0-9a-f]/gi, (ascii) => decodeURIComponent(ascii));
    }
  });
}

function resolve(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split(/[/\\]/)) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

/** The path, and every page that it may stand for. */
function pagesOf(path: string, hasLocales: boolean): ReadonlySet<string> {
  const pages = new Set([path]);
  for (let fold = 0; fold < MAX_FOLDS; fold++) {
    for (const page of [...pages].flatMap((each) => foldOnce(each, hasLocales))) {
      pages.add(resolve(page));
    }
  }
  return pages;
}

/** Takes off what Next may have added, as Next's own request normalizers do. */
function foldOnce(path: string, hasLocales: boolean): string[] {
  const data = /^\/_next\/data\/[^/]+(\/.*)\.json$/s.exec(path)?.[1];
  // Next cuts "/index/" off a data path's page, unless the page is one with parameters.
  const indexed = data?.startsWith("/index/") ? data.slice("/index".length) : undefined;
  // Before a data path stands the client's locale, and in it another: Next looks for the first alone.
  const inLocale = hasLocales
    ? [data, indexed].map((page) => page?.replace(/^\/[^/]+(?=\/|$)/, ""))
    : [];
  const rsc = path.endsWith(".rsc") ? path.slice(0, -".rsc".length) : undefined;
  return [data, indexed, ...inLocale, segmentsPage(path), rsc, interceptedPage(path)]
    .filter((page) => page !== undefined)
    .map((page) => (page === "/index" ? "/" : page));
}

/** Next takes the last ".segments/"; searching for it, not matching, keeps the work linear. */
function segmentsPage(path: string): string | undefined {
  const suffix = [".segment", ".segment.rsc"].find((end) => path.endsWith(end));
  if (suffix === undefined) return undefined;
  const at = path.lastIndexOf(".segments/", path.length - suffix.length - 1);
  return at < 1 ? undefined : path.slice(0, at);
}

/** How many segments an intercepting route goes up, by its marker; at the end, all. */
const UP: Readonly<Record<string, number>> = { "(.)": 0, "(..)": 1, "(..)(..)": 2 };

/**
 * An intercepting route (`/feed/(..)photo/1`) shows the page of another path (`/photo/1`), and Next
 * serves it by its own too.
 */
function interceptedPage(path: string): string | undefined {
  const [, above, marker = "", page] =
    /^(.*?)\/(\(\.\.\.\)|\(\.\.\)\(\.\.\)|\(\.\.?\))(.+)$/s.exec(path) ?? [];
  if (above === undefined || page === undefined) return undefined;
  const segments = above.split("/");
  const up = UP[marker] ?? segments.length;
  return [...segments.slice(0, Math.max(0, segments.length - up)), page].join("/");
}

/** A path with only one reading, as most requests have. */
const PLAIN = /^(?:\/[A-Za-z0-9_~-]+)+$/;

/** A URL whose path stays the same when the URL is parsed. */
const PLAIN_URL = /^https?:\/\/[^/?#\\]+((?:\/[A-Za-z0-9_~-]+)+)(?:[?#]|$)/;

/** A request's path as Next's router reads it. */
export interface RoutedPath {
  /** The path as it was sent, without basePath and locale, which are not part of a route. */
  readonly pathname: string;
  /** Whether the app has locales (`i18n`): a data path may then contain a further locale. */
  readonly hasLocales: boolean;
}

/**
 * Returns the path of a request. The `nextUrl` of a NextRequest has the path without the app's basePath and
 * locales; for any other request the path is that of its URL.
 */
export function routedPath(request: Request): RoutedPath {
  if (!isNextRequest(request)) return { pathname: pathnameIn(request.url), hasLocales: false };
  const { nextUrl } = request;
  const pathname = withLostPart(nextUrl.pathname, nextUrl);
  return { pathname, hasLocales: Boolean(nextUrl.locale) };
}

/** Returns the path of a request as Next's matchers see it, without basePath and locale. */
export function pathnameOf(request: Request): string {
  return isNextRequest(request) ? request.nextUrl.pathname : pathnameIn(request.url);
}

/** Returns the path of an absolute URL. The expression for plain URLs costs a fraction of `new URL`. */
function pathnameIn(url: string): string {
  return PLAIN_URL.exec(url)?.[1] ?? new URL(url).pathname;
}

/**
 * Restores a `.rsc` that Next removes from a path for the middleware and not for the handler: for `/users/.rsc`
 * the handler gets the user ".rsc", and the middleware gets `/users/`. Next redirects all other paths that end
 * in a slash, so `.rsc` is the only cause. With `trailingSlash` every path ends in a slash, and the part cannot
 * be restored.
 */
function withLostPart(pathname: string, nextUrl: NextRequest["nextUrl"]): string {
  if (pathname.length < 2 || !pathname.endsWith("/") || endsInSlash(nextUrl)) return pathname;
  return `${pathname}.rsc`;
}

/** Returns true when the app has `trailingSlash`, which shows only in the `href` of a NextURL. */
function endsInSlash(nextUrl: NextRequest["nextUrl"]): boolean {
  const probe = nextUrl.clone();
  probe.href = new URL("/", nextUrl.href).href;
  probe.pathname = "/probe";
  return probe.href.endsWith("/");
}

/** The part of NextRequest that is read here, without the `next` package. */
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

/** The most of Next's additions that are removed from one path. It bounds the number of readings. */
const MAX_FOLDS = 3;

/**
 * Returns the readings of a path, on which rules match. Percent-encoding is decoded once, as in Next's router.
 * Next's additions to a page's path (`.rsc`, `/_next/data/<build>/….json`, `….segments/….segment`, the `(..)`
 * of an intercepting route) are removed. Dot segments, doubled slashes, backslashes and a trailing slash are
 * normalized.
 *
 * Some paths have more than one reading: `a%2fb` is one segment to the router and two to a handler, and a page
 * may be named `x.rsc`. Then all readings are returned, and a rule applies if it matches any of them, which is
 * the stricter choice. The first reading is the most literal. It never throws, and its work is linear in the
 * length of the path.
 *
 * @param hasLocales whether the app has locales: the page in `/_next/data/<build>/<locale>/….json` is then also
 * read without the locale
 */
export function pathReadings(pathname: string, hasLocales = false): readonly string[] {
  if (PLAIN.test(pathname)) return [pathname];
  const decoded = [decode(keepSeparators(pathname)), decode(pathname)];
  return [...new Set(decoded.flatMap((path) => [...pagesOf(resolve(path), hasLocales)]))];
}

/** Returns the path as it was sent, and the pages that it may mean, for matching rewrites. */
export function rawPages(pathname: string, hasLocales: boolean): readonly string[] {
  return PLAIN.test(pathname) ? [pathname] : [...pagesOf(resolve(pathname), hasLocales)];
}

/** Encodes an encoded slash or backslash again, so that it stays inside its segment when the path is decoded. */
function keepSeparators(path: string): string {
  return path.replace(/%(?=2f|5c)/gi, "%25");
}

/** Decodes once. Bytes that are not UTF-8 stay encoded; ASCII beside them is decoded. */
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

/** Returns the path, and every page that it may mean. */
function pagesOf(path: string, hasLocales: boolean): ReadonlySet<string> {
  const pages = new Set([path]);
  for (let fold = 0; fold < MAX_FOLDS; fold++) {
    for (const page of [...pages].flatMap((each) => foldOnce(each, hasLocales))) {
      pages.add(resolve(page));
    }
  }
  return pages;
}

/** Removes one possible addition of Next, as Next's request normalizers do. */
function foldOnce(path: string, hasLocales: boolean): string[] {
  const data = /^\/_next\/data\/[^/]+(\/.*)\.json$/s.exec(path)?.[1];
  // Next removes "/index/" from a data path's page, unless the page has parameters.
  const indexed = data?.startsWith("/index/") ? data.slice("/index".length) : undefined;
  // A data path may contain a locale after the client's locale before it; Next removes only the first.
  const inLocale = hasLocales
    ? [data, indexed].map((page) => page?.replace(/^\/[^/]+(?=\/|$)/, ""))
    : [];
  const rsc = path.endsWith(".rsc") ? path.slice(0, -".rsc".length) : undefined;
  return [data, indexed, ...inLocale, segmentsPage(path), rsc, interceptedPage(path)]
    .filter((page) => page !== undefined)
    .map((page) => (page === "/index" ? "/" : page));
}

/** Next uses the last ".segments/". A search for it, instead of an expression, keeps the work linear. */
function segmentsPage(path: string): string | undefined {
  const suffix = [".segment", ".segment.rsc"].find((end) => path.endsWith(end));
  if (suffix === undefined) return undefined;
  const at = path.lastIndexOf(".segments/", path.length - suffix.length - 1);
  return at < 1 ? undefined : path.slice(0, at);
}

/** How many segments an intercepting route goes up, by its marker; any other marker goes up to the root. */
const UP: Readonly<Record<string, number>> = { "(.)": 0, "(..)": 1, "(..)(..)": 2 };

/**
 * Returns the page that an intercepting route shows: `/feed/(..)photo/1` shows `/photo/1`. Next also serves the
 * path of the intercepting route itself.
 */
function interceptedPage(path: string): string | undefined {
  const [, above, marker = "", page] =
    /^(.*?)\/(\(\.\.\.\)|\(\.\.\)\(\.\.\)|\(\.\.?\))(.+)$/s.exec(path) ?? [];
  if (above === undefined || page === undefined) return undefined;
  const segments = above.split("/");
  const up = UP[marker] ?? segments.length;
  return [...segments.slice(0, Math.max(0, segments.length - up)), page].join("/");
}

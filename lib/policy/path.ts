/** Nothing in the path that has more than one reading or spelling: most requests end here. */
const PLAIN = /^(?:\/[A-Za-z0-9_~-]+)+$/;

/** How many of Next's additions are taken off one path: bounds the number of readings. */
const MAX_FOLDS = 3;

/**
 * The path, or paths, that rules match on. Percent-encoding is decoded once, as Next's router does;
 * what Next adds to a page's path (`.rsc`, `/_next/data/<build>/….json`, `….segments/….segment`) is
 * folded back to the page; dot segments, doubled slashes, backslashes and a trailing slash go.
 *
 * Where a path can be read in more than one way (`a%2fb` is one segment to the router and two to a
 * handler; a page may be named `x.rsc`) all readings are returned, and a rule applies if it matches
 * any: the stricter reading. The first is the most literal. Never throws, whatever the path; the
 * work is linear in its length.
 */
export function pathReadings(pathname: string): readonly string[] {
  if (PLAIN.test(pathname)) return [pathname];
  const decoded = [decode(keepSeparators(pathname)), decode(pathname)];
  return [...new Set(decoded.flatMap((path) => [...pagesOf(resolve(path))]))];
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
function pagesOf(path: string): ReadonlySet<string> {
  const pages = new Set([path]);
  for (let fold = 0; fold < MAX_FOLDS; fold++) {
    for (const page of [...pages].flatMap(foldOnce)) pages.add(resolve(page));
  }
  return pages;
}

/** Takes off what Next may have added, as Next's own request normalizers do. */
function foldOnce(path: string): string[] {
  const data = /^\/_next\/data\/[^/]+(\/.*)\.json$/s.exec(path)?.[1];
  // Next cuts "/index/" off a data path's page, unless the page is one with parameters.
  const indexed = data?.startsWith("/index/") ? data.slice("/index".length) : undefined;
  const rsc = path.endsWith(".rsc") ? path.slice(0, -".rsc".length) : undefined;
  return [data, indexed, segmentsPage(path), rsc]
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

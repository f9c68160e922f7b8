/** Nothing in the path that has more than one reading or spelling: most requests end here. */
const PLAIN = /^(?:\/[A-Za-z0-9_~-]+)+$/;

/**
 * The path, or paths, that rules match on. Percent-encoding is decoded once, as Next's router does;
 * what Next adds to a page's path (`.rsc`, `/_next/data/<build>/….json`, `….segments/….segment`) is
 * folded back to the page; dot segments, doubled slashes, backslashes and a trailing slash go.
 *
 * Where a path can be read in more than one way (`a%2fb` is one segment to the router and two to a
 * handler; a page may be named `x.rsc`) all readings are returned, and a rule applies if it matches
 * any: the stricter reading. The first is the most literal. Never throws, whatever the path.
 */
export function pathReadings(pathname: string): readonly string[] {
  if (PLAIN.test(pathname)) return [pathname];
  const readings = new Set<string>();
  for (const decoded of [decode(keepSlashes(pathname)), decode(pathname)]) {
    const path = resolve(decoded);
    readings.add(path);
    readings.add(resolve(foldToPage(path)));
  }
  return [...readings];
}

/** An encoded slash stays encoded once, and so inside its segment. */
function keepSlashes(path: string): string {
  return path.replace(/%2f/gi, "%252f");
}

/** Decodes once, and leaves what is not UTF-8 as it was. */
function decode(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
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

function foldToPage(path: string): string {
  const page = path
    .replace(/^\/_next\/data\/[^/]+\/(.*)\.json$/s, "/$1")
    .replace(/\.segments\/.*\.segment(?:\.rsc)?$/s, "")
    .replace(/\.rsc$/, "");
  return page === "/index" ? "/" : page;
}

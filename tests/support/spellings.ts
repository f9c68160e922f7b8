import fc from "fast-check";

/** One spelling of a request: a target and headers that a client may send. */
export interface Spelling {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
}

type Change = (path: string) => string;

/** Changes one character of a path, chosen by a number that fast-check can shrink. */
function at(place: number, change: (character: string) => string): Change {
  return (path) => {
    const i = 1 + (place % Math.max(1, path.length - 1));
    return path.slice(0, i) + change(path.charAt(i)) + path.slice(i + 1);
  };
}

const place = fc.nat({ max: 60 });

/** True in three of four cases. */
const mostly = fc.nat({ max: 3 }).map((n) => n < 3);

const hex = (character: string) => character.charCodeAt(0).toString(16).padStart(2, "0");

const encodings: readonly ((character: string) => string)[] = [
  (c) => `%${hex(c)}`,
  (c) => `%${hex(c).toUpperCase()}`,
  (c) => `%25${hex(c)}`,
  (c) => c.toUpperCase(),
  (c) => c.toLowerCase(),
];

/** Texts before, between or after a path's characters that can lead to the same route. */
const INSERTED = ["/", "/.", "/x/..", "/%2e", "/x/%2E%2e", "\\", "%2f", "%5c", "/.%2e", "%00", ";"];

const APPENDED = [
  "/",
  "//",
  "%2f",
  "/.",
  "/x/..",
  "/index",
  ".rsc",
  ".json",
  ".txt",
  ".html",
  ".prefetch.rsc",
  ".segments/_tree.segment.rsc",
  ".segments/_full.segment",
  ".segment.rsc",
  "?x=1",
  "?_rsc=1",
  "?__nextDataReq=1",
  "?__nextLocale=fr",
  "?nxtPid=other",
  "#x",
  "%3fx",
  "%23x",
  ";x",
  "%0a",
  "%20",
  "\u00e9",
];

const HEADERS = [
  "RSC: 1",
  "Next-Router-Prefetch: 1",
  "Next-Router-Segment-Prefetch: /_tree",
  "Next-Url: /free",
  "x-nextjs-data: 1",
  "x-beta: 1",
  "Accept: text/html",
  "Purpose: prefetch",
  "X-Middleware-Prefetch: 1",
];

export interface SpelledApp {
  readonly buildId: string;
  readonly basePath: string;
  /** The ending of paths that Next does not redirect. */
  readonly ending: "/" | "";
  readonly locales: readonly string[];
  readonly paths: readonly string[];
}

/**
 * Generates requests for an app's limited routes in many spellings: additions that Next makes to paths or
 * removes from them, encodings, dot segments and slashes, with up to five changes.
 */
export function spellings({ buildId, basePath, ending, locales, paths }: SpelledApp) {
  const prefixes: readonly Change[] = [
    (path) => `/_next/data/${buildId}${path}.json`,
    (path) => `/_next/data/${buildId}/index${path}.json`,
    (path) => `/_next/data/other${path}.json`,
    (path) => `/free/..${path}`,
    (path) => `/free/%2e%2e${path}`,
    (path) => `/free%2f..${path}`,
    (path) => `/_next/static/../..${path}`,
    (path) => `/_next/static/%2e%2e/%2E%2e${path}`,
    (path) => `/_next/static/..%2f..${path}`,
    (path) => `/_next/static\\..\\..${path}`,
    (path) => `/favicon.ico/..${path}`,
    (path) => `/index${path}`,
    (path) => `/${path}`,
    (path) => basePath + path,
    (path) => basePath.toUpperCase() + path,
    ...locales.map(
      (locale): Change =>
        (path) =>
          `/${locale}${path}`,
    ),
    ...locales.map(
      (locale): Change =>
        (path) =>
          `/_next/data/${buildId}/${locale}${path}.json`,
    ),
  ];
  const change: fc.Arbitrary<Change> = fc.oneof(
    fc.tuple(place, fc.constantFrom(...encodings)).map(([i, encode]) => at(i, encode)),
    fc.tuple(place, fc.constantFrom(...INSERTED)).map(([i, text]) => at(i, (c) => text + c)),
    fc.constantFrom(...APPENDED).map(
      (text): Change =>
        (path) =>
          path + text,
    ),
    fc.constantFrom(...prefixes),
  );
  return fc.record<Spelling>({
    method: fc.constantFrom("GET", "GET", "GET", "HEAD", "POST", "PUT", "PROPFIND", "OPTIONS"),
    target: fc
      .tuple(fc.constantFrom(...paths), fc.array(change, { maxLength: 5 }), mostly, mostly)
      .map(([path, changes, isBased, hasEnding]) => {
        const spelled = changes.reduce((so, next) => next(so), path);
        return (isBased ? basePath : "") + spelled + (hasEnding ? ending : "");
      }),
    headers: fc.uniqueArray(fc.constantFrom(...HEADERS), { maxLength: 2 }),
  });
}

/** Values that a parameter is tried with: what patterns tell apart, and what matchers leave out. */
const VALUES = [
  "x",
  "12",
  "A-b_9",
  "a.b",
  "%61b",
  "a%2Fb",
  "%E2%82%AC",
  "2026-01-01",
  "0b6f2f0e-6c1c-4b0e-9d3a-3f1d5f0c7a11",
];

/** Files that matchers often leave out by their ending. */
const ENDINGS =
  "json txt xml html css js map ico png jpg jpeg gif svg webp avif woff2 pdf webmanifest mp4".split(
    " ",
  );

const PARAMETER = /\[\[\.\.\.[^\]]+\]\]|\[\.\.\.[^\]]+\]|\[[^\]]+\]/g;

/** Words of patterns and matchers beyond this are not tried. */
const MAX_WORDS = 200;

/** Whether a route's path has parameters. */
export function isDynamic(path: string): boolean {
  return path.search(PARAMETER) >= 0;
}

/**
 * Paths that a route answers: itself, or one for each value that its parameters are tried with, all
 * at once and one at a time.
 *
 * @param words what {@link wordsOf} found, tried as values too
 */
export function samplePaths(path: string, words: readonly string[]): readonly string[] {
  const parameters = path.match(PARAMETER) ?? [];
  if (parameters.length === 0) return [path];
  const valuesOf = parameters.map((parameter) => valuesFor(parameter, words));
  const longest = Math.max(...valuesOf.map((values) => values.length));
  const paths = new Set<string>();
  for (let i = 0; i < longest; i++) {
    paths.add(fill(path, (at) => valuesOf[at]?.[i] ?? "x"));
    for (const varied of parameters.keys()) {
      paths.add(fill(path, (at) => (at === varied ? valuesOf[at]?.[i] : undefined) ?? "x"));
    }
  }
  return [...paths];
}

/** A route's first parameter, where it stands for the locale. */
const LOCALE = /^\/\[(?:locale|lang|lng|language)\](?=\/|$)/i;

/**
 * The same for an app whose own middleware puts a locale before its paths: a route under `[locale]` is
 * tried with each locale, and without one, since such middleware takes that for the default.
 *
 * @param locales what paths begin with: "/en"
 */
export function localizedSamples(
  path: string,
  words: readonly string[],
  locales: readonly string[],
): readonly string[] {
  if (locales.length === 0 || !LOCALE.test(path)) return samplePaths(path, words);
  const pages = samplePaths(path.replace(LOCALE, "") || "/", words);
  const firsts = [...locales, ...ODD_SEGMENTS];
  return pages.flatMap((page) => [page, ...firsts.map((first) => withoutSlash(first + page))]);
}

/** On these i18n middleware usually does not run, and a page under `[locale]` answers all the same. */
const ODD_SEGMENTS = ["/a.b", "/apix", "/trpc", "/_x"];

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/$/, "") : path;
}

function valuesFor(parameter: string, words: readonly string[]): readonly string[] {
  const files = ENDINGS.map((ending) => `a.${ending}`);
  const told = words.flatMap((word) => [word, `a.${word}`]);
  if (!parameter.includes("...")) {
    return [...VALUES, ...files, ...told.filter((value) => !value.includes("/"))];
  }
  const several = ["x/y", "x/y/z", ...files.map((file) => `x/${file}`)];
  const none = parameter.startsWith("[[") ? [""] : [];
  return [...VALUES, ...several, ...none, ...files, ...told];
}

function fill(path: string, valueAt: (parameter: number) => string): string {
  let parameter = 0;
  const filled = path.replace(PARAMETER, () => valueAt(parameter++));
  // An optional parameter without a value takes its slash along.
  return withoutSlash(filled) || "/";
}

/**
 * The literal words of patterns and matchers, alone and as the ends of paths: the values that are
 * most likely to be treated otherwise than the rest.
 */
export function wordsOf(patterns: readonly string[]): readonly string[] {
  const words = new Set<string>();
  for (const pattern of patterns) {
    const literal = pattern.replace(/:\w+/g, " ").replaceAll("\\", "");
    for (const [text] of literal.matchAll(/[A-Za-z0-9_][\w.-]*(?:\/[\w.-]+)*/g)) {
      const segments = text.split("/");
      for (const i of segments.keys()) {
        words.add(segments.slice(i).join("/"));
        words.add(segments[i] ?? "");
      }
    }
  }
  words.delete("");
  return [...words].slice(0, MAX_WORDS);
}

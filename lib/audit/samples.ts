/** Sample values of a parameter, which patterns distinguish or matchers often exclude. */
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

/** Endings of files that matchers often exclude. */
const ENDINGS =
  "json txt xml html css js map ico png jpg jpeg gif svg webp avif woff2 pdf webmanifest mp4".split(
    " ",
  );

const PARAMETER = /\[\[\.\.\.[^\]]+\]\]|\[\.\.\.[^\]]+\]|\[[^\]]+\]/g;

/** The most words of patterns and matchers that are used as samples. */
const MAX_WORDS = 200;

/** Returns true when a route's path has parameters. */
export function isDynamic(path: string): boolean {
  return path.search(PARAMETER) >= 0;
}

/**
 * Returns paths that a route answers: itself, or one for each sample value of its parameters, with all
 * parameters changed at once and one at a time.
 *
 * @param words the result of {@link wordsOf}, used as sample values too
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

/** A route whose first parameter is the locale. */
const LOCALE = /^\/\[(?:locale|lang|lng|language)\](?=\/|$)/i;

/**
 * Does the same for an app whose own middleware puts a locale before its paths. A route under `[locale]` is
 * sampled with each locale, and without one, which such middleware treats as the default locale.
 *
 * @param locales the prefixes of paths: "/en"
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

/** Paths on which i18n middleware usually does not run, but a page under `[locale]` answers. */
const ODD_SEGMENTS = ["/a.b", "/apix", "/trpc", "/_x"];

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/$/, "") : path;
}

function valuesFor(parameter: string, words: readonly string[]): readonly string[] {
  const files = ENDINGS.map((ending) => `a.${ending}`);
  const fromWords = words.flatMap((word) => [word, `a.${word}`]);
  if (!parameter.includes("...")) {
    return [...VALUES, ...files, ...fromWords.filter((value) => !value.includes("/"))];
  }
  const several = ["x/y", "x/y/z", ...files.map((file) => `x/${file}`)];
  const none = parameter.startsWith("[[") ? [""] : [];
  return [...VALUES, ...several, ...none, ...files, ...fromWords];
}

function fill(path: string, valueAt: (parameter: number) => string): string {
  let parameter = 0;
  const filled = path.replace(PARAMETER, () => valueAt(parameter++));
  // An optional parameter without a value has no slash either.
  return withoutSlash(filled) || "/";
}

/**
 * Returns the literal words of patterns and matchers, alone and as the ends of paths. These values are most
 * likely to be treated differently.
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

import type { Follow } from "./rewrites.ts";

/** The locales in an app's paths. */
export interface LocalePaths {
  /** The beginnings of paths in a locale: "/en". */
  readonly prefixes: readonly string[];
  /** Finds the same path without its locale, and with the name that rules use. */
  readonly follow: Follow;
}

/** The spellings of a path that the app's middleware may route to the same page. */
export interface Spellings {
  /** The spellings that rules match on. */
  readonly matched: readonly string[];
  /** The certain spellings: only by these is a path exempt, or is a rule replaced. */
  readonly certain: readonly string[];
}

/** Returns the spellings of a path with and without a locale; undefined when there are too many. */
export function spellInLocales(locales: LocalePaths, reading: string): Spellings | undefined {
  const same = locales.follow([reading]);
  const rest = behindOddSegment(reading);
  const restSame = rest === undefined ? [] : locales.follow([rest]);
  if (!same || !restSame) return undefined;
  const odd = rest === undefined ? [] : [rest, ...restSame];
  return {
    matched: [...new Set([reading, ...same, ...odd])],
    certain: same.length > 0 ? same : [reading],
  };
}

/** Returns a path with the prefix of each locale. */
export function inEach(locales: LocalePaths | undefined, path: string): readonly string[] {
  return locales?.prefixes.map((prefix) => prefix + (path === "/" ? "" : path)) ?? [];
}

/**
 * Returns the path after a first segment on which i18n middleware usually does not run, because its matcher
 * excludes files, internal paths and the API. A page under `[locale]` still serves such a path, with its
 * Server Actions, and reads the segment as the locale. `/api` itself belongs to handlers.
 */
function behindOddSegment(path: string): string | undefined {
  return /^\/(?:(?:api[^/]|trpc|_)[^/]*|[^/]*\.[^/]*)(\/.+)$/s.exec(path)?.[1];
}

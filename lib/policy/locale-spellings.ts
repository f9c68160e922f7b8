import type { Follow } from "./rewrites.ts";

/** How an app with locales spells its paths. */
export interface LocalePaths {
  /** What paths in a locale begin with: "/en". */
  readonly prefixes: readonly string[];
  /** From a path to what it is without its locale, and by the name that rules are written for. */
  readonly follow: Follow;
}

/** A path, in every spelling in which its own middleware may take it for the same. */
export interface Spellings {
  /** Each of them meets the rules that match it. */
  readonly matched: readonly string[];
  /** Those that are certain: by these alone a path is exempt, or a rule replaced. */
  readonly certain: readonly string[];
}

/** Returns a path in its spellings with and without a locale; undefined where those are too many. */
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
 * The path behind a first segment on which i18n middleware usually does not run: its matcher leaves out
 * what looks like a file, an internal path, or the API. A page under `[locale]` answers there, with its
 * Server Actions, and takes the segment for the locale. `/api` itself is the handlers' own.
 */
function behindOddSegment(path: string): string | undefined {
  return /^\/(?:(?:api[^/]|trpc|_)[^/]*|[^/]*\.[^/]*)(\/.+)$/s.exec(path)?.[1];
}

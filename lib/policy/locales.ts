import type { Place, Problems } from "./errors.ts";
import type { Rewrite } from "./rewrites.ts";
import { isList, isNamed, isText, type Named } from "./shape.ts";

/** Parameters that probably mean a locale in the path of a rule. */
const LOCALE_PARAMETER = /^\/:(?:locale|lang|lng|language)\b/i;

/** The app's locales in its paths. */
export interface Locales {
  /** The beginnings of paths in a locale: "/en", "/de-AT", or a prefix of the app's choice. */
  readonly prefixes: readonly string[];
  /** Rewrites from every spelling of a path to the spelling of rules. */
  readonly rewrites: readonly Rewrite[];
}

/**
 * Reads the locales that an app's middleware puts before its paths, and its localized pathnames.
 *
 * @param given a list of locales, or the routing object of next-intl, whose domains, cookies and detection are
 * ignored, since they change no path
 */
export function readLocales(given: unknown, problems: Problems): Locales | undefined {
  if (given === undefined) return undefined;
  const routing = isList(given) ? { locales: given } : given;
  if (!isRouting(routing)) {
    problems.add("BAD_LOCALES", ["locales"], given);
    return undefined;
  }
  const { locales, localePrefix, pathnames = {} } = routing;
  const own =
    isNamed(localePrefix) && isNamed(localePrefix["prefixes"]) ? localePrefix["prefixes"] : {};
  const prefixes = [
    ...locales.map((locale) => `/${locale}`),
    ...Object.values(own).filter(isPrefix),
  ];
  const either = prefixes.map((prefix) => escape(prefix.slice(1))).join("|");
  const strip = { source: `/:_locale(${either})/:_path*`, destination: "/:_path*" };
  return { prefixes, rewrites: [strip, ...Object.entries(pathnames).flatMap(localizedPaths)] };
}

/** A prefix without a segment is ignored: such an app distinguishes locales by domain. */
const isPrefix = (value: unknown): value is string => isText(value) && /^\/[^/]/.test(value);

interface Routing extends Named {
  readonly locales: readonly string[];
  readonly pathnames?: Named;
}

function isRouting(value: unknown): value is Routing {
  if (!isNamed(value)) return false;
  const { locales, pathnames } = value;
  return (
    isList(locales) &&
    locales.length > 0 &&
    locales.every((locale) => isText(locale) && /^[\w-]{1,35}$/.test(locale)) &&
    (pathnames === undefined || isNamed(pathnames))
  );
}

/** Returns a rewrite for each localized name of a path. */
function localizedPaths([path, names]: [string, unknown]): Rewrite[] {
  const others = new Set(isNamed(names) ? Object.values(names).filter(isText) : []);
  others.delete(path);
  return [...others].map((other) => ({ source: toPattern(other), destination: toPattern(path) }));
}

/** Converts a path from the form of Next's routes, "/news/[id]", to the form of patterns, "/news/:id". */
function toPattern(path: string): string {
  const parts = path.split(/(\[\[\.\.\.[^\]]+\]\]|\[\.\.\.[^\]]+\]|\[[^\]]+\])/);
  return parts.map((part, i) => (i % 2 === 0 ? escape(part) : parameter(part))).join("");
}

function parameter(written: string): string {
  const name = `_${written.replace(/\W/g, "")}`;
  if (!written.includes("...")) return `:${name}`;
  return `:${name}${written.startsWith("[[") ? "*" : "+"}`;
}

function escape(text: string): string {
  return text.replace(/[\\:?*+(){}.|^$[\]]/g, "\\$&");
}

/** Adds a problem for a pattern with a locale: it would not match the same path in other locales. */
export function refuseLocale(
  pattern: string,
  place: Place,
  locales: Locales | undefined,
  problems: Problems,
): void {
  const path = pattern.toLowerCase();
  const prefix = locales?.prefixes.find((one) => `${path}/`.startsWith(`${one.toLowerCase()}/`));
  if (prefix === undefined && !(locales && LOCALE_PARAMETER.test(pattern))) return;
  problems.add("LOCALE_IN_PATTERN", place, pattern);
}

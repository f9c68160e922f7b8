/** Segments of a page's path that hold a locale, which the path of the default locale often leaves out. */
const LOCALE = /^\[(?:locale|lang|lng|language)\]$/;

/** A folder of the app router that is not part of the path: a group or a slot. */
const NO_SEGMENT = /^(?:\([^.)][^)]*\)|@.+)$/;

/** The mark of an intercepting route: (.)photo, (..)(..)photo, (...)photo. */
const INTERCEPTING = /^(?:\(\.{1,3}\))+/;

/**
 * Returns the segments of a route's path from its folders. Groups and slots add none.
 *
 * @returns undefined for folders that make no route: private ones, and intercepting routes, which show a page
 *   of another path
 */
export function segmentsOf(folders: readonly string[]): readonly string[] | undefined {
  if (folders.some((name) => name.startsWith("_") || INTERCEPTING.test(name))) return undefined;
  return folders.filter((name) => !NO_SEGMENT.test(name)).map((name) => name.replace(/^%5F/i, "_"));
}

/**
 * Returns the patterns of a policy that match every path of a route. A page under a locale has two: the
 * path of the default locale may leave the locale out.
 *
 * @example
 * patternsOf(["api", "users", "[id]"]); // ["/api/users/:id"]
 */
export function patternsOf(segments: readonly string[]): readonly string[] {
  const [first = "", ...rest] = segments;
  const whole = `/${segments.map(patternOf).join("/")}`;
  return LOCALE.test(first) ? [`/${rest.map(patternOf).join("/")}`, whole] : [whole];
}

function patternOf(segment: string): string {
  const [, optional = "", dots = "", name] = /^(\[?)\[(\.\.\.)?([^\]]+)\]\]?$/.exec(segment) ?? [];
  if (name === undefined) return segment.replace(/[\\()[\]{}:*+?.|^$]/g, escaped);
  const modifier = dots === "" ? "" : optional === "" ? "+" : "*";
  return `:${name.replace(/\W/g, "_")}${modifier}`;
}

/** Escapes characters that path-to-regexp would interpret. A dot is not one of them. */
function escaped(character: string): string {
  return /[()[\]{}:*+?\\]/.test(character) ? `\\${character}` : character;
}

/**
 * Returns a path that the route answers, for a request that a person may send: a parameter is "1", and a
 * locale "en".
 *
 * @example
 * samplePath(["api", "users", "[id]"]); // "/api/users/1"
 */
export function samplePath(segments: readonly string[]): string {
  return `/${segments.map(sampleOf).join("/")}`;
}

function sampleOf(segment: string): string {
  if (LOCALE.test(segment)) return "en";
  return segment.startsWith("[") ? "1" : segment;
}

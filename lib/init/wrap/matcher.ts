import { pathToRegexp } from "path-to-regexp";
import { CannotWrap } from "./cannot.ts";

/** A matcher of all paths except static files, which Next names by their content. */
const BUT_STATIC = "/((?!_next/static/).*)";

/** Examples of static files. */
const STATIC = ["chunks/main.js", "css/main.css", "media/font.woff2", "media/picture.png"].map(
  (file) => `/_next/static/${file}`,
);

const KEYS = new Set(["source", "has", "missing", "locale"]);

/** Headers of Next's router, which Next removes from a request before middleware runs. */
const OF_ROUTER = new Set<unknown>([
  "rsc",
  "next-router-state-tree",
  "next-router-prefetch",
  "next-router-segment-prefetch",
  "next-hmr-refresh",
]);

/**
 * Returns the header of Next's router that a matcher has a condition on; undefined when it has no such
 * condition.
 */
export function routerHeaderOf(own: unknown): string | undefined {
  const entries = (Array.isArray(own) ? own : []) as readonly {
    has?: unknown;
    missing?: unknown;
  }[];
  const conditions = entries.flatMap(({ has, missing }) => [has, missing].flat());
  const keys = conditions.map((it) => ({ ...(it as { key?: string }) }).key?.toLowerCase());
  return keys.find((key) => OF_ROUTER.has(key));
}

/**
 * Returns the matcher with which the gate runs on every path except static files. It includes static files on
 * which the app's own middleware ran.
 *
 * @param own the value of the app's own matcher; undefined for an app without a matcher
 * @param at its offset in the source
 * @param hasLocales true when next.config has `i18n`
 * @throws {CannotWrap} when Next would reject it, or the gate cannot do the same
 */
export function gateMatcher(own: unknown, at: number, hasLocales: boolean): string {
  const sources = own === undefined ? [] : sourcesOf(own, at, hasLocales);
  const tests = sources.map((source) => expressionOf(source, at));
  const seen = (path: string) => tests.some((test) => test.test(path));
  return STATIC.some(seen) ? "/:path*" : BUT_STATIC;
}

function sourcesOf(own: unknown, at: number, hasLocales: boolean): readonly string[] {
  if (typeof own === "string") return [own];
  if (!Array.isArray(own)) {
    throw new CannotWrap(at, "The matcher must be a string or a list, as Next requires.");
  }
  return own.map((entry: unknown) => {
    if (typeof entry === "string") return entry;
    const fields: Readonly<Record<string, unknown>> = { ...(entry as object) };
    const unknown = Object.keys(fields).find((key) => !KEYS.has(key));
    if (unknown !== undefined || typeof fields["source"] !== "string") {
      const what = unknown === undefined ? "an entry without a source" : `the field \`${unknown}\``;
      throw new CannotWrap(at, `Next accepts no matcher with ${what}: correct it first.`);
    }
    if (fields["locale"] === false && hasLocales) {
      throw new CannotWrap(
        at,
        "The gate removes the locale of next.config from a path before it compares it, so it cannot apply `locale: false`: compare the path in the middleware itself.",
      );
    }
    return fields["source"];
  });
}

function expressionOf(source: string, at: number): RegExp {
  try {
    return pathToRegexp(source, [], { sensitive: true });
  } catch {
    throw new CannotWrap(at, `Next cannot read the matcher ${JSON.stringify(source)}.`);
  }
}

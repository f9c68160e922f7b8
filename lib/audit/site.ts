import type { Build } from "./manifests.ts";

/** The prefixes of an app's paths: a base path and, in the pages router, a locale. */
export interface Site {
  /** Returns a route's path as Next's router matches it: with the base path and the locale. */
  matched(path: string): string;
  /** Returns the same in every locale. */
  matchedEach(path: string): readonly string[];
  /** Returns the route's path of a matched path, which the gate also reads from the request. */
  route(matched: string): string;
}

export function siteOf({ basePath, i18n }: Pick<Build, "basePath" | "i18n">): Site {
  const locales = i18n?.locales ?? [];

  const parts = (matched: string) => {
    // Next compares a rewrite's base path without regard to case.
    const hasBase = matched.toLowerCase().startsWith(`${basePath.toLowerCase()}/`);
    const base = hasBase ? matched.slice(0, basePath.length) : "";
    const rest = matched.slice(base.length);
    const locale = locales.find((name) =>
      `${rest}/`.toLowerCase().startsWith(`/${name}/`.toLowerCase()),
    );
    return { base, locale, path: locale ? rest.slice(locale.length + 1) || "/" : rest || "/" };
  };

  const inLocale = (path: string, locale: string | undefined) =>
    basePath + (locale ? `/${locale}` : "") + (path === "/" ? "" : path) || "/";

  return {
    matched: (path) => inLocale(path, i18n?.defaultLocale),
    matchedEach: (path) => (i18n ? i18n.locales : [undefined]).map((name) => inLocale(path, name)),
    route: (matched) => parts(matched).path,
  };
}

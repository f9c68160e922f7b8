import type { Build } from "./manifests.ts";

/** Where an app's paths stand: behind a base path, and, in the pages router, a locale. */
export interface Site {
  /** A route's path as Next's router matches it: with the base path and the locale. */
  matched(path: string): string;
  /** The same in every locale. */
  matchedEach(path: string): readonly string[];
  /** The route's path that a matched one stands for, which the gate reads from the request too. */
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

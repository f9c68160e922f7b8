import createMiddleware from "next-intl/middleware";
import { defineRouting } from "next-intl/routing";
import { NextRequest } from "next/server.js";
import { describe, expect, test } from "vitest";
import { compilePolicy } from "#lib/policy/check/compile";
import { definePolicy, type RoutingInput } from "#lib/policy/define";
import { PolicyError } from "#lib/policy/errors";
import { selected } from "../../support/selected.ts";

const limits = { ip: "5 per minute" } as const;
const rules = {
  home: { match: "/", limits },
  contact: { match: "/contact", methods: ["POST"], limits },
  about: { match: "/about", limits },
  news: { match: "/news/:slug", limits },
  docs: { match: "/docs/:path+", limits },
  special: { match: "/contact/special", replaces: "all-of-contact", limits },
  "all-of-contact": { match: "/contact/:path+", limits },
  api: { match: "/api/:path*", limits },
} as const;

function rulesOf(locales: readonly string[] | RoutingInput, path: string, method = "POST") {
  const policy = definePolicy({ locales, exempt: { "/api/health": "asked often" }, rules });
  const found = compilePolicy(policy).match(method, path);
  const set = selected(found);
  return set?.rules.map(({ name }) => name) ?? [];
}

const LOCALIZED = defineRouting({
  locales: ["en", "de", "pt-BR"],
  defaultLocale: "en",
  localePrefix: { mode: "as-needed", prefixes: { "pt-BR": "/br" } },
  pathnames: {
    "/": "/",
    "/contact": { en: "/contact", de: "/kontakt", "pt-BR": "/contato" },
    "/about": { en: "/about-us", de: "/über-uns" },
    "/news/[slug]": { de: "/neues/[slug]", "pt-BR": "/novas/lista/[slug]" },
    "/docs/[...path]": { de: "/hilfe/[...path]" },
  },
});

describe("a rule for a path", () => {
  test.each([
    ["/contact", ["contact"]],
    ["/en/contact", ["contact"]],
    ["/de/contact", ["contact"]],
    ["/DE/Contact", ["contact"]],
    ["/de/contact/", ["contact"]],
    ["/%64e/contact", ["contact"]],
    ["/de/contact.rsc", ["contact"]],
    ["/_next/data/build/de/contact.json", ["contact"]],
    ["/en", ["home"]],
    ["/de/news/x", ["news"]],
    ["/fr/contact", []],
    ["/end/contact", []],
    ["/en-x/contact", []],
    ["/en/de/contact", []],
  ])("holds for %s in an app of the locales en and de", (path, expected) => {
    expect(rulesOf(["en", "de"], path)).toEqual(expected);
  });

  test.each([
    ["/de/kontakt", ["contact"]],
    ["/kontakt", ["contact"]],
    ["/en/kontakt", ["contact"]],
    ["/br/contato", ["contact"]],
    ["/pt-BR/contato", ["contact"]],
    ["/about-us", ["about"]],
    ["/de/über-uns", ["about"]],
    ["/de/%C3%BCber-uns", ["about"]],
    ["/de/neues/x", ["news"]],
    ["/br/novas/lista/x", ["news"]],
    ["/de/hilfe/a/b", ["docs"]],
    ["/de/hilfe", []],
    ["/br", ["home"]],
    ["/fr/kontakt", []],
  ])("holds for %s by next-intl's localized pathnames and prefixes", (path, expected) => {
    expect(rulesOf(LOCALIZED, path)).toEqual(expected);
  });

  // Where i18n middleware does not run, a page under [locale] takes any first segment for a locale.
  test.each([
    "/x.y/contact",
    "/apix/contact",
    "/trpc/contact",
    "/_vercel/contact",
    "/en.rsc/kontakt",
  ])("holds for %s, which such middleware leaves to the page", (path) => {
    expect(rulesOf(LOCALIZED, path)).toContain("contact");
  });

  test("does not hold for a handler of the API that is called like the page", () => {
    expect(rulesOf(["en", "de"], "/api/contact")).toEqual(["api"]);
  });

  test("holds where a rewrite of next.config looks for the locale", () => {
    const rewrites = [{ source: "/:locale(en|de)/write-us", destination: "/:locale/contact" }];
    const compiled = compilePolicy(definePolicy({ locales: ["en", "de"], rules }), {
      rewrites,
    });
    for (const path of ["/write-us", "/de/write-us"]) {
      const set = selected(compiled.match("POST", path));
      expect(set?.rules.map(({ name }) => name)).toEqual(["contact"]);
    }
  });

  test("is neither exempt nor replaced by a pattern that takes the locale for a parameter", () => {
    const loose = {
      ...rules,
      all: { match: "/:path*", limits },
      tab: { match: "/:user/:tab", replaces: ["all", "contact"], limits },
    } as const;
    const exempt = { "/:shop/contact": "a shop's own page" };
    const compiled = compilePolicy(definePolicy({ locales: ["en", "de"], exempt, rules: loose }));
    const named = (path: string) =>
      selected(compiled.match("POST", path))?.rules.map(({ name }) => name);
    expect(named("/en/contact")).toEqual(expect.arrayContaining(["contact", "all"]));
    expect(named("/en/x")).toContain("all");
    expect(named("/fruit/contact")).toBeUndefined();
  });

  test("holds where a path has too many names to follow: every rule does", () => {
    const names = Array.from({ length: 12 }, (_, i) => [
      `/[a]-${i}`,
      { en: `/[a]-x${i}`, de: "/[a]" },
    ]);
    const pathnames = Object.fromEntries(names) as Record<string, Record<string, string>>;
    const secret = { match: "/secret", limits } as const;
    const compiled = compilePolicy(
      definePolicy({ locales: { locales: ["en", "de"], pathnames }, rules: { secret } }),
    );
    expect(compiled.match("GET", "/en/secret")).toBeDefined();
  });

  test("is replaced in every locale by the rule that replaces it", () => {
    for (const path of ["/contact/special", "/de/contact/special"]) {
      expect(rulesOf(["en", "de"], path)).toEqual(["special"]);
    }
  });

  test("does not hold for an exempt path in any locale", () => {
    expect(rulesOf(["en", "de"], "/de/api/health")).toEqual([]);
    expect(rulesOf(["en", "de"], "/de/api/other")).toEqual(["api"]);
  });

  test("holds for its method alone in every locale", () => {
    expect(rulesOf(["en", "de"], "/de/contact", "GET")).toEqual([]);
  });
});

describe("whatever next-intl's own middleware serves", () => {
  const middleware = createMiddleware(LOCALIZED);
  /** The page that next-intl serves for a path, without its locale; undefined where it redirects. */
  function served(path: string): string | undefined {
    const answer = middleware(new NextRequest(`http://app.example${path}`));
    if (answer.headers.has("location")) return undefined;
    const rewritten = answer.headers.get("x-middleware-rewrite");
    const { pathname } = new URL(rewritten ?? path, "http://app.example");
    return pathname.replace(/^\/(?:en|de|pt-BR)(?=\/|$)/, "") || "/";
  }

  const prefixes = ["", "/en", "/de", "/br", "/pt-BR"];
  const paths = ["", "/contact", "/kontakt", "/contato", "/about-us", "/%C3%BCber-uns", "/about"];
  const more = ["/neues/x", "/news/x", "/novas/lista/x", "/hilfe/a/b", "/docs/a"];

  test("is counted by the rules of the page that it serves", () => {
    let pages = 0;
    for (const path of prefixes.flatMap((prefix) =>
      [...paths, ...more].map((name) => prefix + name),
    )) {
      const page = served(path || "/");
      if (page === undefined) continue;
      pages += 1;
      const counted = rulesOf(LOCALIZED, path || "/");
      expect({ path, rules: counted }).toEqual({
        path,
        rules: expect.arrayContaining(rulesOf(["none"], page)) as unknown,
      });
    }
    expect(pages).toBeGreaterThan(15);
  });
});

describe("locales that cannot be", () => {
  const codesOf = (policy: object): readonly string[] => {
    try {
      compilePolicy(policy as Parameters<typeof compilePolicy>[0]);
      return [];
    } catch (error) {
      return error instanceof PolicyError ? error.problems.map(({ code }) => code) : ["not ours"];
    }
  };

  test.each<[unknown]>([
    [[]],
    ["en"],
    [[""]],
    [["en/de"]],
    [{}],
    [{ locales: [5] }],
    [{ locales: ["en"], pathnames: [] }],
  ])("%j is refused", (locales) => {
    expect(codesOf({ locales, rules })[0]).toMatch(/^BAD_(?:LOCALES|VALUE)$/);
  });

  test.each(["/en/contact", "/de", "/:locale/contact", "/:lang(en|de)/contact", "/EN/x"])(
    "the pattern %s is refused, since it would hold for one spelling alone",
    (match) => {
      expect(codesOf({ locales: ["en", "de"], rules: { a: { match, limits } } })).toEqual([
        "LOCALE_IN_PATTERN",
      ]);
      expect(codesOf({ rules: { a: { match, limits } } })).toEqual([]);
    },
  );

  test.each(["/end", "/enter/x", "/:user/settings", "/:path*", "/"])(
    "the pattern %s is taken",
    (match) => {
      expect(codesOf({ locales: ["en", "de"], rules: { a: { match, limits } } })).toEqual([]);
    },
  );
});

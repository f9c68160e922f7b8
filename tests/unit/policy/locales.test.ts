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
  ])("rules for paths apply to %s in an app with the locales en and de", (path, expected) => {
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
  ])(
    "rules for paths apply to %s by next-intl's localized pathnames and prefixes",
    (path, expected) => {
      expect(rulesOf(LOCALIZED, path)).toEqual(expected);
    },
  );

  // On paths without i18n middleware a page under [locale] reads any first segment as a locale.
  test.each([
    "/x.y/contact",
    "/apix/contact",
    "/trpc/contact",
    "/_vercel/contact",
    "/en.rsc/kontakt",
  ])("rules for paths apply to %s, on which i18n middleware does not run", (path) => {
    expect(rulesOf(LOCALIZED, path)).toContain("contact");
  });

  test("a rule for a page does not apply to a handler of the API with the same name", () => {
    expect(rulesOf(["en", "de"], "/api/contact")).toEqual(["api"]);
  });

  test("a rule applies when a rewrite of next.config matches on the locale", () => {
    const rewrites = [{ source: "/:locale(en|de)/write-us", destination: "/:locale/contact" }];
    const compiled = compilePolicy(definePolicy({ locales: ["en", "de"], rules }), {
      rewrites,
    });
    for (const path of ["/write-us", "/de/write-us"]) {
      const set = selected(compiled.match("POST", path));
      expect(set?.rules.map(({ name }) => name)).toEqual(["contact"]);
    }
  });

  test("a pattern that matches the locale as a parameter neither exempts a path nor replaces its rule", () => {
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

  test("every rule applies to a path with too many names to follow", () => {
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

  test("a rule is replaced in every locale by the rule that replaces it", () => {
    for (const path of ["/contact/special", "/de/contact/special"]) {
      expect(rulesOf(["en", "de"], path)).toEqual(["special"]);
    }
  });

  test("no rule applies to an exempt path in any locale", () => {
    expect(rulesOf(["en", "de"], "/de/api/health")).toEqual([]);
    expect(rulesOf(["en", "de"], "/de/api/other")).toEqual(["api"]);
  });

  test("a rule applies to its method only, in every locale", () => {
    expect(rulesOf(["en", "de"], "/de/contact", "GET")).toEqual([]);
  });
});

describe("next-intl's middleware", () => {
  const middleware = createMiddleware(LOCALIZED);
  /** Returns the page that next-intl serves for a path, without its locale; undefined for a redirect. */
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

  test("a path that next-intl serves is counted by the rules of its page", () => {
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

describe("invalid locales", () => {
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
  ])("the locales %j are rejected", (locales) => {
    expect(codesOf({ locales, rules })[0]).toMatch(/^BAD_(?:LOCALES|VALUE)$/);
  });

  test.each(["/en/contact", "/de", "/:locale/contact", "/:lang(en|de)/contact", "/EN/x"])(
    "the pattern %s is rejected, since it would match one spelling only",
    (match) => {
      expect(codesOf({ locales: ["en", "de"], rules: { a: { match, limits } } })).toEqual([
        "LOCALE_IN_PATTERN",
      ]);
      expect(codesOf({ rules: { a: { match, limits } } })).toEqual([]);
    },
  );

  test.each(["/end", "/enter/x", "/:user/settings", "/:path*", "/"])(
    "the pattern %s is accepted",
    (match) => {
      expect(codesOf({ locales: ["en", "de"], rules: { a: { match, limits } } })).toEqual([]);
    },
  );
});

import { describe, expect, test } from "vitest";
import { renderAudit } from "#lib/audit/render";
import type { Project } from "../../support/audit-project.ts";
import { audits, GET, rule } from "../../support/audits.ts";

const { audit, failuresOf, rowsOf } = audits();

describe("a page", () => {
  test("a page is listed with its rules and those of its Server Actions, and needs none itself", async () => {
    const given: Project = {
      app: { "login/page": "", "(site)/page": "", "@modal/(.)photo/[id]/page": "" },
      actions: ["app/login/page"],
      policy: { rules: { posts: rule("/login", { methods: ["POST"] }) } },
    };
    expect(await rowsOf(given)).toEqual([
      { path: "/", kind: "page", covers: [["GET"]] },
      { path: "/(.)photo/[id]", kind: "page", covers: [["GET"]] },
      { path: "/login", kind: "page", covers: [["GET"], ["POST", "posts"]] },
    ]);
    expect(await failuresOf(given)).toEqual([]);
  });

  test("a page outside the matcher fails when a rule names it, because that rule is never checked", async () => {
    const given = { app: { "a/page": "", "b/page": "" }, matchers: ["/api/:path*"] };
    expect(await failuresOf({ ...given, policy: { rules: { b: rule("/b") } } })).toEqual([
      "OUTSIDE_MATCHER /b: /b is outside the matcher: the middleware does not run, and no rule is checked",
    ]);
  });
});

describe("a Server Action", () => {
  const actions = ["app/[locale]/contact/page"];
  const app = { "[locale]/contact/page": "", "api/x/route": GET };
  const audited = (policy: object) => ({ app, actions, policy });
  const contact = rule("/contact", { methods: ["POST"] });
  const api = rule("/api/:path*");

  test("a Server Action fails unless a rule covers every path, and partial covers are shown", async () => {
    const given = audited({ rules: { contact, api } });
    expect(await failuresOf(given)).toEqual([
      "NOT_COVERED /[locale]/contact: no rule covers POST /x/contact, and it is not exempt",
    ]);
    const text = renderAudit(await audit(given));
    expect(text).toMatch(/\[locale\]\/contact +page +GET +api \(some paths\)$/m);
    expect(text).toMatch(/ POST +NOT COVERED: no rule for some$/m);
    expect((await audit(given)).failures[0]?.allowed).toContain("locales");
  });

  test("a Server Action is covered in every locale of the policy, and without one", async () => {
    const given = audited({ locales: ["en", "de"], rules: { contact, api } });
    expect(await failuresOf(given)).toEqual([]);
    expect(await rowsOf(given)).toContainEqual({
      path: "/[locale]/contact",
      kind: "page",
      covers: [["GET"], ["POST", "contact"]],
    });
  });

  test("a Server Action is covered by a rule for every path, and may be exempt", async () => {
    expect(await failuresOf(audited({ rules: { all: rule("/:path*") } }))).toEqual([]);
    const exempt = { "/:locale/contact": "it costs nothing" };
    expect(await failuresOf(audited({ exempt, rules: { api } }))).toEqual([]);
  });

  test("a Server Action is covered by localized pathnames of next-intl's routing", async () => {
    const routing = {
      locales: ["en", "de"],
      defaultLocale: "en",
      pathnames: { "/contact": { en: "/contact", de: "/kontakt" } },
    };
    expect(await failuresOf(audited({ locales: routing, rules: { contact, api } }))).toEqual([]);
  });
});

describe("separately counted prefetches", () => {
  const pages = rule("/p/:id", { prefetch: "apart" });
  const app = { "p/[id]/page": "", "api/x/route": GET };
  const api = rule("/api/:path*");

  test("separately counted prefetches fail when the build hides them from the gate", async () => {
    const policy = { rules: { pages, api } };
    const { failures } = await audit({ app, policy });
    expect(failures.map(({ code }) => code)).toEqual(["PREFETCH_UNSEEN"]);
    expect(await failuresOf({ app, policy, skipProxyUrlNormalize: true })).toEqual([]);
  });

  test("separately counted prefetches fail when the rule covers a route handler", async () => {
    const policy = { rules: { all: rule("/:path*", { prefetch: "apart" }) } };
    const { failures } = await audit({ app, policy, skipProxyUrlNormalize: true });
    expect(failures.map(({ code, what }) => [code, what[1]])).toEqual([
      ["PREFETCH_OF_HANDLER", "/api/x"],
    ]);
  });
});

describe("a route whose answers the build made", () => {
  const warningsFor = async (given: Project) =>
    (await audit(given)).warnings.map(({ code, what, given: why }) => [code, what[1], why]);
  const page: Project = {
    app: { "page/page": "", "p/[id]/page": "", "live/page": "", "api/fixed/route": GET },
    prerendered: ["/page", "/api/fixed"],
    prerenderedByParameter: ["/p/[id]"],
    policy: { rules: { all: rule("/:path*", { headers: "always" }) } },
  };

  test("a prerendered route is a warning when a rule writes a client's counts into its answers", async () => {
    const warnings = await warningsFor(page);
    expect(warnings.map(([code, route]) => [code, route])).toEqual([
      ["COUNTS_CACHED", "/api/fixed"],
      ["COUNTS_CACHED", "/p/[id]"],
      ["COUNTS_CACHED", "/page"],
    ]);
    expect(warnings[0]?.[2]).toContain("all writes one client's counts into it");
    expect((await audit(page)).failures).toEqual([]);
  });

  test("a prerendered route is a warning by the policy's default too, only for rules that apply to GET", async () => {
    const policy = {
      defaults: { headers: "always" },
      rules: {
        read: rule("/:path*", { headers: "denied" }),
        write: rule("/page", { methods: ["POST"] }),
        fixed: rule("/api/fixed"),
      },
    };
    const warnings = await warningsFor({ ...page, policy });
    expect(warnings.map(([code, route]) => [code, route])).toEqual([
      ["COUNTS_CACHED", "/api/fixed"],
    ]);
  });

  test("a prerendered route is not a warning by default", async () => {
    expect(await warningsFor({ ...page, policy: { rules: { all: rule("/:path*") } } })).toEqual([]);
  });
});

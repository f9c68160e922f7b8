import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { auditProject } from "#lib/audit/audit";
import { importPolicy } from "#lib/cli/check";
import { FINDING_CODES } from "#lib/audit/findings";
import { renderAudit } from "#lib/audit/render";
import { scope } from "../../support/scope.ts";
import { ROOT } from "../../support/app.ts";
import { type Project, writeProject } from "../../support/audit-project.ts";

const cleanUp = scope();

const GET = "export function GET() {}";
const LIMITS = { ip: "10 per minute" };
const ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

const rule = (match: string | string[], more: object = {}) => ({ match, limits: LIMITS, ...more });

function project(given: Project): string {
  return cleanUp(writeProject(given), (it) => rmSync(it, { recursive: true, force: true }));
}

async function auditAt(root: string) {
  return auditProject(root, await importPolicy(join(root, "config", "rate-limits.mjs")));
}

function audit(given: Project) {
  return auditAt(project(given));
}

/** Returns the failures: the code, the subject, and the given value. */
async function failuresOf(given: Project): Promise<readonly string[]> {
  const { failures } = await audit(given);
  return failures.map(({ code, what, given }) => `${code} ${what[1]}: ${given}`);
}

async function rowsOf(given: Project) {
  const { routes } = await audit(given);
  return routes.map(({ route, covers }) => ({
    path: route.path,
    kind: route.kind,
    covers: covers.map(({ methods, rules, exempt }) => [methods.join(" "), ...rules, ...exempt]),
  }));
}

describe("a route handler", () => {
  test("a route handler is listed with the rules of each method, or why it is exempt", async () => {
    const given: Project = {
      app: {
        "api/search/route": "export function GET() {}\nexport const POST = GET;",
        "(shop)/api/cart/[id]/route": GET,
        "api/health/route": GET,
      },
      policy: {
        exempt: { "/api/health": "asked every second" },
        rules: {
          api: rule("/api/:path*"),
          search: rule("/api/search", { methods: ["POST"], mode: "shadow" }),
        },
      },
    };
    expect(await rowsOf(given)).toEqual([
      { path: "/api/cart/[id]", kind: "handler", covers: [["GET", "api"]] },
      { path: "/api/health", kind: "handler", covers: [["GET", "asked every second"]] },
      {
        path: "/api/search",
        kind: "handler",
        covers: [
          ["GET", "api"],
          ["POST", "api", "search"],
        ],
      },
    ]);
    expect(await failuresOf(given)).toEqual([]);
    expect(renderAudit(await audit(given))).toContain("api, search (shadow)");
  });

  test("a route handler whose GET is not limited fails with the name of the method", async () => {
    const failures = await failuresOf({
      app: { "api/half/route": "export { a as GET, a as POST, type B as PUT };" },
      policy: { rules: { write: rule("/api/half", { methods: ["POST"] }) } },
    });
    expect(failures).toEqual([
      "NOT_COVERED /api/half: no rule covers GET /api/half, and it is not exempt",
    ]);
  });

  test.each([
    ["export * from './other';", ALL_METHODS],
    ["export * as GET from './other';", ["GET"]],
    ["export const { GET, POST } = handlers;", ["GET", "POST"]],
    ["export function GET() {", ALL_METHODS],
    ["export function HEAD() {}", ["HEAD"]],
    ["export function OPTIONS() {}", []],
  ])("a route handler with the source %j has the methods %j", async (source, methods) => {
    const { routes } = await audit({
      app: { "api/x/route": source },
      policy: { rules: { api: rule("/api/:p*") } },
    });
    expect(routes[0]?.route.methods).toEqual(methods);
  });

  test("a route handler without a source has every method", async () => {
    const { routes } = await audit({
      made: { "/gone/route": "/gone" },
      policy: { rules: { gone: rule("/gone") } },
    });
    expect(routes[0]?.route.methods).toEqual(ALL_METHODS);
  });

  test("a route handler is found under src too", async () => {
    const { routes } = await audit({
      sourceFolder: "src/",
      app: { "api/x/route": GET },
      policy: { rules: { api: rule("/api/:p*") } },
    });
    expect(routes[0]?.route).toMatchObject({ file: "src/app/api/x/route.ts", methods: ["GET"] });
  });

  test("a handler of the pages router fails for OPTIONS and unusual methods, for which it runs too", async () => {
    const pages = ["/_app", "/_document", "/_error", "/404", "/500", "/", "/api/legacy"];
    const seven = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    const every = { legacy: rule("/api/legacy") };
    const named = { legacy: rule("/api/legacy", { methods: seven }) };
    expect(await failuresOf({ pages, policy: { rules: every } })).toEqual([
      "NOT_COVERED /api/legacy: no rule covers OPTIONS /api/legacy, and it is not exempt",
    ]);
    expect(await failuresOf({ pages, policy: { rules: named } })).toEqual([
      "NOT_COVERED /api/legacy: no rule covers any other method (such as PROPFIND) /api/legacy, and it is not exempt",
    ]);
    const both = { ...every, preflight: rule("/api/legacy", { methods: ["OPTIONS"] }) };
    expect(await failuresOf({ pages, policy: { rules: both } })).toEqual([]);
    expect((await rowsOf({ pages, policy: { rules: both } })).map(({ path }) => path)).toEqual([
      "/",
      "/api/legacy",
    ]);
  });
});

describe("a route with parameters", () => {
  test.each([
    ["items/[id]", "/items/:id(\\d+)", "/items/x"],
    ["items/[id]", "/items/:id([a-z]+)", "/items/12"],
    ["items/[...path]", "/items/:name", "/items/x/y"],
    ["items/[[...path]]", "/items/:path+", "/items"],
    ["items/[id]", "/items/((?!internal).*)", "/items/internal"],
    ["items/[id]/[part]", "/items/:id/:part(\\w+)", "/items/A-b_9/A-b_9"],
  ])("the route %s is not covered by %s at %s", async (folder, match, sample) => {
    const failures = await failuresOf({
      app: { [`${folder}/route`]: GET },
      policy: { rules: { items: rule(match) } },
    });
    expect(failures).toEqual([
      `NOT_COVERED /${folder}: no rule covers GET ${sample}, and it is not exempt`,
    ]);
  });

  test("a route with parameters is covered when some paths have a rule and the others are exempt", async () => {
    expect(
      await failuresOf({
        app: { "items/[...path]/route": GET },
        policy: {
          exempt: { "/items/:path*/raw": "files", "/items/raw": "files" },
          rules: { items: rule("/items/((?!raw$).*)") },
        },
      }),
    ).toEqual([]);
  });

  test("a route with parameters is completely exempt by a pattern of one segment when it has no rule", async () => {
    const given: Project = {
      app: { "hooks/[id]/route": GET },
      policy: { exempt: { "/hooks/:id": "signed" }, rules: { x: rule("/x") } },
    };
    expect(await failuresOf(given)).toEqual([]);
    expect(await rowsOf(given)).toMatchObject([{ covers: [["GET", "signed"]] }]);
  });

  test("a route with parameters is not sampled with paths of another route", async () => {
    expect(
      await failuresOf({
        app: { "items/[id]/route": GET, "items/internal/page": "" },
        policy: { rules: { items: rule("/items/((?!internal).*)") } },
      }),
    ).toEqual([]);
  });
});

describe("metadata routes", () => {
  const made = {
    "/icon.svg/route": "/icon.svg",
    "/sitemap.xml/route": "/sitemap.xml",
    "/blog/[slug]/opengraph-image/route": "/blog/[slug]/opengraph-image",
    "/blog/[slug]/icon.png/route": "/blog/[slug]/icon.png",
    "/_not-found/page": "/_not-found",
  };
  const prerendered = ["/icon.svg", "/sitemap.xml"];

  test("a metadata route is a file, unless it is generated on request", async () => {
    const given: Project = { made, prerendered, policy: { rules: { x: rule("/x") } } };
    expect((await rowsOf(given)).map(({ path, kind }) => [path, kind])).toEqual([
      ["/blog/[slug]/icon.png", "file"],
      ["/blog/[slug]/opengraph-image", "generated"],
      ["/icon.svg", "file"],
      ["/sitemap.xml", "file"],
    ]);
    expect(await failuresOf(given)).toEqual([
      "NOT_COVERED /blog/[slug]/opengraph-image: no rule covers GET /blog/x/opengraph-image, and it is not exempt",
    ]);
  });

  test("a metadata path with a route handler is a handler", async () => {
    expect(
      await failuresOf({
        app: { "robots.txt/route": GET },
        prerendered: ["/robots.txt"],
        policy: { rules: { x: rule("/x") } },
      }),
    ).toEqual(["NOT_COVERED /robots.txt: no rule covers GET /robots.txt, and it is not exempt"]);
  });
});

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

describe("the matcher", () => {
  const policy = {
    exempt: { "/api/free": "free" },
    rules: { api: rule(["/api/:path*", "/base/api/:path*"]) },
  };

  test.each([
    [["/other"], "/api/free"],
    [["/api"], "/api/free"],
    [["/API/:path*"], "/api/free"],
  ])(
    "the matcher %j fails when it excludes a handler, even an exempt one",
    async (matchers, path) => {
      expect(await failuresOf({ app: { "api/free/route": GET }, matchers, policy })).toEqual([
        `OUTSIDE_MATCHER ${path}: ${path} is outside the matcher: the middleware does not run, and no rule is checked`,
      ]);
    },
  );

  test("a matcher that excludes /favicon.ico fails for a route with a parameter, unless a file answers", async () => {
    const given: Project = {
      app: { "[name]/route": GET },
      matchers: [String.raw`/((?!_next/static/|favicon\.ico$).*)`],
      policy: { rules: { all: rule("/:name") } },
    };
    expect((await audit(given)).failures.map(({ allowed }) => allowed)).toEqual([
      "a file public/favicon.ico or app/favicon.ico, which answers before the route does",
    ]);
    expect(await failuresOf({ ...given, files: ["favicon.ico"] })).toEqual([]);
  });

  test("a matcher that excludes file endings also excludes parameters with such an ending", async () => {
    const failures = await failuresOf({
      app: { "api/[name]/route": GET },
      matchers: [String.raw`/((?!_next/static|.*\.(?:docx|png)$).*)`],
      policy,
    });
    expect(failures).toEqual([expect.stringContaining("/api/a.png is outside the matcher")]);
    const rare = await failuresOf({
      app: { "api/[name]/route": GET },
      matchers: [String.raw`/((?!.*\.rare$).*)`],
      policy,
    });
    expect(rare).toEqual([expect.stringContaining("/api/a.rare is outside the matcher")]);
  });

  test.each(["has", "missing"])("a matcher with %s conditions fails the audit", async (kind) => {
    const condition = { type: "header", key: "x-skip" };
    const matchers = [{ source: "/:path*", [kind]: [condition] }];
    expect(await failuresOf({ app: { "api/x/route": GET }, matchers, policy })).toEqual([
      `MATCHER_CONDITION /:path*: the matcher has ${kind}: clients can choose whether rules are checked`,
    ]);
  });

  test("the matcher is found when the middleware runs on Node, and reported when there is no middleware", async () => {
    const app = { "api/x/route": GET };
    expect(await failuresOf({ app, inNode: true, policy })).toEqual([]);
    expect(await failuresOf({ app, inNode: true, matchers: ["/other"], policy })).toHaveLength(1);
    expect(await failuresOf({ app, matchers: null, policy })).toEqual([
      "NO_MIDDLEWARE none: the build has no middleware, so no rule is ever checked",
    ]);
  });

  test("the matcher is checked with base path and locale, and the rules without", async () => {
    const app = { "api/x/route": GET };
    const i18n = { locales: ["en", "de"], defaultLocale: "en" };
    expect(await failuresOf({ app, basePath: "/base", policy })).toEqual([]);
    expect(await failuresOf({ app, basePath: "/base", i18n, policy })).toEqual([]);
    const based = { rules: { api: rule("/base/api/:path*") } };
    expect(await failuresOf({ app, basePath: "/base", policy: based })).toEqual([
      "NOT_COVERED /api/x: no rule covers GET /api/x, and it is not exempt",
    ]);
    expect(await failuresOf({ app, i18n, pages: ["/en/old", "/de/old"], policy })).toEqual([]);
  });
});

describe("an unreadable build", () => {
  const policy = { rules: { api: rule("/api/:path*") } };

  test("the audit rejects a project without a build", async () => {
    const root = project({ policy });
    rmSync(join(root, ".next"), { recursive: true });
    await expect(auditAt(root)).rejects.toMatchObject({
      code: "AUDIT_FAILED",
      message: expect.stringMatching(/no build to audit: no .*Run npm run build first/),
    });
  });

  test.each([
    ["routes-manifest.json", "{", "it is not JSON"],
    ["routes-manifest.json", "{}", "basePath"],
    ["server/middleware-manifest.json", '{"middleware":{"/":{}}}', "middleware./.matchers"],
    ["server/middleware-manifest.json", '{"middleware":{"/":{"matchers":[{"regexp":"("}]}}}', "("],
  ])("the audit rejects %s with %j and says why", async (name, text, why) => {
    const root = project({ policy });
    writeFileSync(join(root, ".next", name), text);
    await expect(auditAt(root)).rejects.toMatchObject({
      code: "AUDIT_FAILED",
      message: expect.stringContaining(why),
    });
  });

  test.each(["[", "7", '[{"source":"/a"}]'])(
    "is HEADGATE_REWRITES of %j: a warning",
    async (text) => {
      const { warnings, failures } = await audit({ policy, env: { HEADGATE_REWRITES: text } });
      expect(warnings.map(({ code }) => code)).toEqual(["REWRITES_UNREADABLE"]);
      expect(failures).toEqual([]);
    },
  );
});

describe("the image optimizer", () => {
  const codes = async (images: object) => {
    const { warnings } = await audit({
      app: { "api/x/route": GET },
      policy: { rules: { api: rule("/api/:path*") } },
      images,
    });
    return warnings.map(({ code }) => code);
  };

  test("the image optimizer is a warning when it may fetch a limited path", async () => {
    expect(await codes({ localPatterns: [{ pathname: "**", search: "" }] })).toEqual([
      "IMAGE_OPTIMIZER",
    ]);
    expect(await codes({})).toEqual(["IMAGE_OPTIMIZER"]);
    expect(await codes({ localPatterns: [{ pathname: "/images/**" }] })).toEqual([]);
    expect(await codes({ unoptimized: true })).toEqual([]);
    expect(await codes({ loader: "custom" })).toEqual([]);
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

describe("a build without a gate at work", () => {
  const given: Project = {
    app: { "api/x/route": GET },
    policy: { rules: { api: rule("/api/:path*") } },
  };

  test.each<[string, Partial<Project>, string]>([
    ["no middleware", { matchers: null }, "the build has no middleware"],
    [
      "a middleware that Next did not use",
      { matchers: null, sourceFolder: "src/", middlewareFiles: ["middleware.ts"] },
      "middleware.ts exists, but the build has no middleware",
    ],
    [
      "a proxy that Next did not use",
      { matchers: null, middlewareFiles: ["src/proxy.ts"] },
      "src/proxy.ts exists",
    ],
    ["an empty matcher", { matchers: [] }, "the matcher of the middleware is empty"],
    ["files alone", { output: "export" }, 'output is "export"'],
    [
      "another middleware",
      { built: "export default () => {}" },
      "the middleware of the build is not the gate's",
    ],
    ["another proxy", { built: "export default () => {}", inNode: true }, "is not the gate's"],
  ])("a build without a gate fails: %s", async (_, more, why) => {
    const { failures } = await audit({ ...given, ...more });
    expect(failures.map(({ code }) => code)).toContain("NO_MIDDLEWARE");
    expect(failures[0]?.given).toContain(why);
  });

  test.each([false, true])("a build with the gate does not fail (on Node: %s)", async (inNode) => {
    const built = 'super("POLICY_INVALID")';
    expect(await failuresOf({ ...given, built, inNode })).toEqual([]);
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

test("an audit is readable at 100 columns", async () => {
  const path = `api/${"a-long-name/".repeat(5)}[id]`;
  const names = Array.from({ length: 12 }, (_, i) => [`a-rule-${i}`, rule("/api/:path*")] as const);
  const text = renderAudit(
    await audit({
      app: { [`${path}/route`]: GET, "api/other/route": GET, "none/route": GET },
      policy: { rules: Object.fromEntries(names) },
    }),
  );
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(text).toContain("a-rule-11");
  expect(text).toMatch(/^\/none +handler +GET +NOT COVERED: no rule$/m);
});

test("docs/guides/audit.md explains every code of a finding", () => {
  const text = readFileSync(join(ROOT, "docs", "guides", "audit.md"), "utf8");
  const explained = [...text.matchAll(/^### ([A-Z_]+)$/gm)].map(([, code]) => code);
  expect(explained).toEqual([...FINDING_CODES]);
});

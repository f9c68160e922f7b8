import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findApp } from "#lib/init/app";
import { policyText } from "#lib/init/policy-text";
import { patternsOf, segmentsOf } from "#lib/init/route-pattern";
import { routesOf } from "#lib/init/routes";
import { draftRules } from "#lib/init/rules";
import { trialOf } from "#lib/init/try-it";
import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import { loadDefault } from "#lib/source/load";
import { ROOT } from "../../support/app.ts";
import { madeApp } from "./made-app.ts";

const handler = (...methods: readonly string[]) =>
  methods.map((method) => `export async function ${method}() {}\n`).join("");

/** Makes an app with a route of each kind in Next. */
const FILES = {
  "app/page.tsx": "",
  "app/(auth)/sign-in/[[...sign-in]]/page.tsx": "",
  "app/[locale]/contact/page.tsx": "",
  "app/@modal/(.)photo/[id]/page.tsx": "",
  "app/photo/[id]/page.tsx": "",
  "app/photo/[id]/opengraph-image.tsx": "",
  "app/sitemap.ts": "",
  "app/icon.png": "",
  "app/_private/api/route.ts": handler("GET"),
  "app/%5Fopen/route.ts": handler("GET"),
  "app/feed/[...path]/route.ts": handler("GET", "POST"),
  "app/api/auth/[...nextauth]/route.ts":
    'import { handlers } from "@/auth";\nexport const { GET, POST } = handlers;\n',
  "app/api/(v1)/orders/[order-id]/route.ts": handler("GET", "PATCH", "DELETE"),
  "app/api/search/route.ts": handler("GET"),
  "app/api/chat/route.ts": handler("POST"),
  "app/api/upload/route.ts": handler("POST", "GET"),
  "app/api/trpc/[trpc]/route.ts": 'export * from "@/server";\n',
  "app/api/health/route.ts": handler("GET"),
  "app/api/cron/[job]/route.ts": handler("GET"),
  "app/api/webhooks/stripe/route.ts": handler("POST"),
  "app/api/search/helpers.ts": "",
  "pages/api/hello.ts": "",
  "pages/api/users/index.ts": "",
  "pages/api/users/[id].ts": "",
};

async function drafted(files: Readonly<Record<string, string>>, above?: string) {
  const folder = madeApp(files, above);
  const app = await findApp(folder);
  const routes = routesOf(app);
  return { folder, app, routes, draft: draftRules(routes) };
}

describe("the routes of an app", () => {
  test("routesOf finds routes of both routers, with their methods", async () => {
    const { routes } = await drafted(FILES);
    const all = "GET POST PUT PATCH DELETE";
    expect(routes.map((it) => `${it.kind} ${it.path} ${it.methods.join(" ")}`)).toEqual([
      "page / GET POST",
      "page /[locale]/contact GET POST",
      "handler /_open GET",
      "handler /api/auth/[...nextauth] GET POST",
      "handler /api/chat POST",
      "handler /api/cron/[job] GET",
      "handler /api/health GET",
      `handler /api/hello ${all}`,
      "handler /api/orders/[order-id] GET PATCH DELETE",
      "handler /api/search GET",
      `handler /api/trpc/[trpc] ${all}`,
      "handler /api/upload GET POST",
      `handler /api/users ${all}`,
      `handler /api/users/[id] ${all}`,
      "handler /api/webhooks/stripe POST",
      "handler /feed/[...path] GET POST",
      "page /photo/[id] GET POST",
      "generated /photo/[id]/opengraph-image GET",
      "page /sign-in/[[...sign-in]] GET POST",
      "generated /sitemap GET",
    ]);
  });

  test("routesOf uses the page extensions of next.config", async () => {
    const { routes } = await drafted({
      "next.config.mjs": 'export default { pageExtensions: ["page.tsx", "api.ts"] };',
      "app/page.page.tsx": "",
      "app/about/page.tsx": "",
      "app/api/a/route.api.ts": handler("GET"),
    });
    expect(routes.map(({ path }) => path)).toEqual(["/", "/api/a"]);
  });

  test.each([
    [["api", "users", "[id]"], ["/api/users/:id"]],
    [["api", "[user-id]"], ["/api/:user_id"]],
    [["docs", "[...path]"], ["/docs/:path+"]],
    [["docs", "[[...path]]"], ["/docs/:path*"]],
    [["a.b", "c+d", "(e)"], ["/a.b/c\\+d/\\(e\\)"]],
    [
      ["[locale]", "contact"],
      ["/contact", "/:locale/contact"],
    ],
    [[], ["/"]],
  ])("the route %j has the patterns %j", (segments, patterns) => {
    expect(patternsOf(segments)).toEqual(patterns);
    const rules = Object.fromEntries([["it", { match: patterns, limits: { ip: "1 per hour" } }]]);
    expect(() => compilePolicy({ rules })).not.toThrow();
  });

  test.each([
    [["(shop)", "cart"], ["cart"]],
    [["@modal", "cart"], ["cart"]],
    [["%5Fopen"], ["_open"]],
    [["_private"], undefined],
    [["feed", "(..)photo"], undefined],
    [["(.)photo"], undefined],
    [["(..)(..)photo"], undefined],
  ])("the folders %j add the segments %j", (folders, segments) => {
    expect(segmentsOf(folders)).toEqual(segments);
  });
});

describe("the rules that are drafted", () => {
  test("each drafted rule has the routes of its group", async () => {
    const { draft } = await drafted(FILES);
    expect(Object.keys(draft.exempt)).toEqual(["/api/cron/:job", "/api/health"]);
    const rules = draft.rules.map(({ name, match, methods, replaces }) => [
      name,
      match,
      methods,
      replaces,
    ]);
    const writes = ["POST", "PUT", "PATCH", "DELETE"];
    expect(rules).toEqual([
      ["api", ["/api/:path*", "/_open", "/feed/:path+"], undefined, undefined],
      ["preflight", ["/api/:path*"], ["OPTIONS"], undefined],
      ["writes", ["/api/:path*", "/feed/:path+"], writes, undefined],
      ["generated", ["/photo/:id/opengraph-image(.*)", "/sitemap(.*)"], ["GET"], undefined],
      ["server-actions", ["/((?!api/).*)"], ["POST"], undefined],
      ["webhooks", ["/api/webhooks/stripe"], undefined, ["api", "writes"]],
      ["sign-in", ["/api/auth/:nextauth+", "/sign-in/:sign_in*"], ["POST"], undefined],
      ["uploads", ["/api/upload"], ["POST"], undefined],
      ["generate", ["/api/chat"], undefined, undefined],
      ["messages", ["/contact", "/:locale/contact"], ["POST"], undefined],
      ["search", ["/api/search"], undefined, undefined],
      ["rpc", ["/api/trpc/:trpc"], undefined, ["api", "writes"]],
    ]);
  });

  test("the drafted rules are a valid policy that covers each method of each route that is not exempt", async () => {
    const { folder, routes, draft } = await drafted(FILES, join(ROOT, ".headgate"));
    const file = join(folder, "rate-limits.ts");
    writeFileSync(file, policyText(draft));
    const compiled = compilePolicy((await loadDefault(file)) as AnyPolicy);
    expect([compiled.rules.size, compiled.exempt.length]).toEqual([draft.rules.length, 2]);
    const isFree = (path: string) => /^\/api\/(?:health|cron\/1)$/.test(path);
    for (const { sample, methods, kind, takesAny } of routes) {
      const asked = kind === "page" ? ["POST"] : [...methods, ...(takesAny ? ["OPTIONS"] : [])];
      const uncovered = asked.filter((method) => compiled.match(method, sample) === undefined);
      expect([sample, uncovered]).toEqual([sample, isFree(sample) ? asked : []]);
    }
  });

  test("the drafted rules name the routes that they cover, up to twelve, and the reason for their limits", async () => {
    const many = Array.from({ length: 14 }, (_, i) => [
      `app/api/r${String(i).padStart(2, "0")}/route.ts`,
      handler("GET", "PUT"),
    ]);
    const { draft } = await drafted(Object.fromEntries(many));
    const text = policyText(draft);
    expect(text.match(/^ {4}\/\/ GET, PUT \/api\/r\d\d$/gm)).toHaveLength(12);
    expect(text).toContain("    // and 2 more, which npx headgate audit lists\n");
    expect(text).toContain("    // PUT /api/r00\n");
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(110);
  });

  test("webhooks outside /api have a separate rule, because the rule of Server Actions would deny them", async () => {
    const { draft } = await drafted({
      "app/page.tsx": "",
      "app/webhooks/clerk/route.ts": handler("POST"),
    });
    expect(draft.rules.at(-1)).toMatchObject({
      match: ["/webhooks/clerk"],
      replaces: ["api", "server-actions"],
    });
  });

  test("the drafted rules of an app without routes cover future routes", async () => {
    const { draft } = await drafted({ "app/layout.tsx": "" });
    expect(draft.rules.map(({ name }) => name)).toEqual(["api"]);
    expect(draft.exempt).toEqual({});
  });
});

test.each([
  ["next dev", "3000"],
  ["next dev --turbopack -p 8000", "8000"],
  ["dotenv -e .env -- next dev --port=8888 --turbo", "8888"],
  ["PORT=4000 next dev", "4000"],
  ["next dev -p $PORT", "3000"],
])("the trial is sent to the port of the script %j", async (dev, port) => {
  const manifest = { scripts: { dev }, dependencies: { next: "16" } };
  const { app, draft } = await drafted({
    "app/page.tsx": "",
    "package.json": JSON.stringify(manifest),
  });
  expect(trialOf(app, draft.rules)?.command).toContain(` 'http://localhost:${port}/?[1-`);
});

test.each([
  [FILES, {}, 6, "messages", "POST 'http://localhost:3000/en/contact?[1-6]'"],
  [
    { "app/api/login/route.ts": handler("POST"), "app/login/page.tsx": "" },
    { "next.config.mjs": 'export default { basePath: "/shop", trailingSlash: true };' },
    11,
    "sign-in",
    "POST 'http://localhost:3000/shop/api/login/?[1-11]'",
  ],
  [{ "app/layout.tsx": "" }, {}, 601, "api", "GET 'http://localhost:3000/api/hello?[1-601]'"],
])(
  "the trial is for the rule with the smallest limit",
  async (files, more, requests, rule, sent) => {
    const { app, draft } = await drafted({ ...files, ...more });
    expect(trialOf(app, draft.rules)).toEqual({
      rule,
      requests,
      command: `curl -s -o /dev/null -w '%{http_code}\\n' -X ${sent} | sort | uniq -c`,
    });
  },
);

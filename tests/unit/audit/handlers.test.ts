import { describe, expect, test } from "vitest";
import { renderAudit } from "#lib/audit/render";
import type { Project } from "../../support/audit-project.ts";
import { audits, GET, rule } from "../../support/audits.ts";

const ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const { audit, failuresOf, rowsOf } = audits();

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
      made: { "/removed/route": "/removed" },
      policy: { rules: { removed: rule("/removed") } },
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

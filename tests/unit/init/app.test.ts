import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findApp } from "#lib/init/app";
import { packageManagerOf } from "#lib/init/package-manager";
import { chooseApp } from "#lib/init/workspace";
import { madeApp, NEXT_16 } from "./made-app.ts";

const PAGE = { "app/page.tsx": "export default () => null;" };

const needs = (next: string) => JSON.stringify({ dependencies: { next } });

describe("the version of Next", () => {
  test.each([
    ["15.0.0", 15],
    ["^16.0.0", 16],
    ["~15.2", 15],
    [">=14 <17", 17],
    ["^14.2.0 || ^15.0.0", 15],
    ["16", 16],
    ["16.0.0-canary.3", 16],
    ["npm:next@15.1.0", 15],
  ])("%j of package.json is %d", async (range, major) => {
    const folder = madeApp({ ...PAGE, "package.json": needs(range) });
    expect((await findApp(folder)).next).toBe(major);
  });

  test("what is installed holds, whatever package.json asks for", async () => {
    const installed = { "node_modules/next/package.json": '{ "version": "15.5.2" }' };
    const folder = madeApp({ ...PAGE, ...installed, "package.json": needs("latest") });
    expect((await findApp(folder)).next).toBe(15);
  });

  test.each([
    ["14.2.3", /has Next 14\.2\.3, and Headgate needs Next 15 or later/],
    ["^13", /has Next \^13, and Headgate needs Next 15 or later/],
    ["latest", /asks for next latest, which names no version/],
    ["catalog:", /asks for next catalog:, which names no version/],
    ["workspace:*", /which names no version/],
  ])("%j is an error that says what to do", async (range, message) => {
    const folder = madeApp({ ...PAGE, "package.json": needs(range) });
    await expect(findApp(folder)).rejects.toMatchObject({
      code: "INIT_NEXT_UNSUPPORTED",
      message: expect.stringMatching(message) as string,
    });
  });

  test("an app that is exported as files is an error", async () => {
    const config = 'export default { output: "export" };';
    const folder = madeApp({ ...PAGE, "next.config.mjs": config });
    await expect(findApp(folder)).rejects.toMatchObject({ code: "INIT_NEXT_UNSUPPORTED" });
  });
});

describe("what an app has", () => {
  test.each([
    [["app/page.tsx"], { home: "", hasAppRouter: true, hasPagesRouter: false }],
    [["pages/index.tsx"], { home: "", hasAppRouter: false, hasPagesRouter: true }],
    [["src/app/page.tsx"], { home: "src/", hasAppRouter: true, hasPagesRouter: false }],
    [
      ["src/app/page.tsx", "src/pages/old.tsx"],
      { home: "src/", hasAppRouter: true, hasPagesRouter: true },
    ],
    // Next takes the folders at the top alone.
    [
      ["app/page.tsx", "src/pages/old.tsx"],
      { home: "", hasAppRouter: true, hasPagesRouter: false },
    ],
  ])("%j are found", async (paths, expected) => {
    const folder = madeApp(Object.fromEntries(paths.map((path) => [path, ""])));
    expect(await findApp(folder)).toMatchObject(expected);
  });

  test("next.config says endings, base path and slashes; a tsconfig.json makes it TypeScript", async () => {
    const config =
      'export default () => ({ basePath: "/shop", trailingSlash: true, pageExtensions: ["p.tsx"] });';
    const folder = madeApp({ ...PAGE, "next.config.mjs": config, "tsconfig.json": "{}" });
    expect(await findApp(folder)).toMatchObject({
      basePath: "/shop",
      trailingSlash: true,
      pageExtensions: ["p.tsx"],
      language: "ts",
      hasLocales: false,
    });
    expect(await findApp(madeApp(PAGE))).toMatchObject({
      basePath: "",
      trailingSlash: false,
      language: "js",
    });
  });

  test("a folder with neither router is an error", async () => {
    await expect(findApp(madeApp({}))).rejects.toMatchObject({ code: "INIT_NO_APP" });
  });
});

describe("the package manager", () => {
  test.each([
    [{ "package-lock.json": "{}" }, "npm"],
    [{ "pnpm-lock.yaml": "" }, "pnpm"],
    [{ "yarn.lock": "" }, "yarn"],
    [{ "bun.lock": "" }, "bun"],
    [{ "bun.lockb": "" }, "bun"],
    [{ "package.json": '{ "packageManager": "yarn@4.1.0" }', "package-lock.json": "{}" }, "yarn"],
    [{}, "npm"],
  ])("%j says %s, also to an app below", (files, expected) => {
    const folder = madeApp(files);
    const below = join(folder, "apps", "web");
    mkdirSync(below, { recursive: true });
    expect([packageManagerOf(folder, folder), packageManagerOf(below, folder)]).toEqual([
      expected,
      expected,
    ]);
  });

  test("what lies above the repository says nothing", () => {
    const folder = madeApp({ "yarn.lock": "", "apps/web/package.json": NEXT_16 });
    const app = join(folder, "apps", "web");
    expect(packageManagerOf(app, app)).toBe("npm");
  });
});

describe("the app of a workspace", () => {
  const app = (path: string) => ({
    [`${path}/package.json`]: NEXT_16,
    [`${path}/app/page.tsx`]: "",
  });
  const root = { "package.json": '{ "workspaces": ["apps/*"] }' };

  test("the only one is taken", () => {
    const library = { "packages/ui/package.json": needs("16"), "packages/ui/button.tsx": "" };
    const folder = madeApp({ ...root, ...app("apps/web"), ...library });
    expect(chooseApp(folder)).toEqual({ folder: join(folder, "apps", "web"), isFound: true });
  });

  test("several are named, with the command for each", () => {
    const folder = madeApp({ ...root, ...app("apps/web"), ...app("apps/admin/next") });
    expect(() => chooseApp(folder)).toThrow(
      expect.objectContaining({
        code: "INIT_SEVERAL_APPS",
        message: `${folder} holds 2 Next.js apps. Name the one that is meant:\n  npx headgate init --dir apps/admin/next\n  npx headgate init --dir apps/web`,
      }),
    );
    const one = join(folder, "apps", "web");
    expect(chooseApp(one)).toEqual({ folder: one, isFound: false });
  });

  test("a root that lists Next for its tools is not taken for an app", () => {
    const folder = madeApp({ "package.json": needs("16"), ...app("apps/web") });
    expect(chooseApp(folder).folder).toBe(join(folder, "apps", "web"));
  });

  test("no app is an error, and so is no folder", () => {
    const folder = madeApp({ ...root, "node_modules/x/package.json": NEXT_16 });
    for (const wrong of [folder, join(folder, "nowhere")]) {
      expect(() => chooseApp(wrong)).toThrow(expect.objectContaining({ code: "INIT_NO_APP" }));
    }
  });

  test("a package.json that is no JSON is an error that names it", () => {
    const folder = madeApp({ "package.json": "{ next" });
    expect(() => chooseApp(folder)).toThrow(`${join(folder, "package.json")} must be JSON`);
  });
});

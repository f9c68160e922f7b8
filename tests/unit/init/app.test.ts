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
  ])("nextMajor reads %j of package.json as %d", async (range, major) => {
    const folder = madeApp({ ...PAGE, "package.json": needs(range) });
    expect((await findApp(folder)).next).toBe(major);
  });

  test("nextMajor returns the installed version whatever package.json has", async () => {
    const installed = { "node_modules/next/package.json": '{ "version": "15.5.2" }' };
    const folder = madeApp({ ...PAGE, ...installed, "package.json": needs("latest") });
    expect((await findApp(folder)).next).toBe(15);
  });

  test.each([
    ["14.2.3", /has Next 14\.2\.3, but Headgate needs Next 15 or later/],
    ["^13", /has Next \^13, but Headgate needs Next 15 or later/],
    ["latest", /has next latest, which names no version/],
    ["catalog:", /has next catalog:, which names no version/],
    ["workspace:*", /which names no version/],
  ])("nextMajor rejects %j with an error that says what to do", async (range, message) => {
    const folder = madeApp({ ...PAGE, "package.json": needs(range) });
    await expect(findApp(folder)).rejects.toMatchObject({
      code: "INIT_NEXT_UNSUPPORTED",
      message: expect.stringMatching(message) as string,
    });
  });

  test("findApp rejects an app that is exported as static files", async () => {
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
    // Next then uses only the folders at the top.
    [
      ["app/page.tsx", "src/pages/old.tsx"],
      { home: "", hasAppRouter: true, hasPagesRouter: false },
    ],
  ])("findApp finds the routers of %j", async (paths, expected) => {
    const folder = madeApp(Object.fromEntries(paths.map((path) => [path, ""])));
    expect(await findApp(folder)).toMatchObject(expected);
  });

  test("findApp reads page extensions, base path and slashes from next.config, and TypeScript from tsconfig.json", async () => {
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

  test("findApp takes an app with the package typescript for TypeScript, before Next writes tsconfig.json", async () => {
    const manifest = { dependencies: { next: "16.4.6" }, devDependencies: { typescript: "7.0.2" } };
    const folder = madeApp({ ...PAGE, "package.json": JSON.stringify(manifest) });
    expect(await findApp(folder)).toMatchObject({ language: "ts" });
  });

  test("findApp rejects a folder with neither router", async () => {
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
  ])("packageManagerOf reads %j as %s, also for an app below", (files, expected) => {
    const folder = madeApp(files);
    const below = join(folder, "apps", "web");
    mkdirSync(below, { recursive: true });
    expect([packageManagerOf(folder, folder), packageManagerOf(below, folder)]).toEqual([
      expected,
      expected,
    ]);
  });

  test("packageManagerOf ignores lockfiles above the repository", () => {
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

  test("chooseApp chooses the only app of a workspace", () => {
    const library = { "packages/ui/package.json": needs("16"), "packages/ui/button.tsx": "" };
    const folder = madeApp({ ...root, ...app("apps/web"), ...library });
    expect(chooseApp(folder)).toEqual({ folder: join(folder, "apps", "web"), isFound: true });
  });

  test("the error for several apps names each with its command", () => {
    const folder = madeApp({ ...root, ...app("apps/web"), ...app("apps/admin/next") });
    expect(() => chooseApp(folder)).toThrow(
      expect.objectContaining({
        code: "INIT_SEVERAL_APPS",
        message: `${folder} has 2 Next.js apps. Name one:\n  npx headgate init --dir apps/admin/next\n  npx headgate init --dir apps/web`,
      }),
    );
    const one = join(folder, "apps", "web");
    expect(chooseApp(one)).toEqual({ folder: one, isFound: false });
  });

  test("chooseApp does not choose a root that lists Next only for its tools", () => {
    const folder = madeApp({ "package.json": needs("16"), ...app("apps/web") });
    expect(chooseApp(folder).folder).toBe(join(folder, "apps", "web"));
  });

  test("chooseApp rejects a folder without an app, and a missing folder", () => {
    const folder = madeApp({ ...root, "node_modules/x/package.json": NEXT_16 });
    for (const wrong of [folder, join(folder, "nowhere")]) {
      expect(() => chooseApp(wrong)).toThrow(expect.objectContaining({ code: "INIT_NO_APP" }));
    }
  });

  test("the error for an invalid package.json names it", () => {
    const folder = madeApp({ "package.json": "{ next" });
    expect(() => chooseApp(folder)).toThrow(`${join(folder, "package.json")} must be valid JSON`);
  });
});

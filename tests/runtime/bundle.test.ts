import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../support/app.ts";
import { scope } from "../support/scope.ts";
import { bundle, WORKER } from "./bundle.ts";

const cleanUp = scope();
const SIZE_LIMIT = join(ROOT, "node_modules", "size-limit", "bin.js");

describe.each(["workerd", "edge"] as const)("the bundle for %s", (platform) => {
  test("the bundle of the gate for %s is one file without imports", async () => {
    const { code, imports } = await bundle(platform, WORKER);
    expect(imports).toEqual([]);
    expect(code).not.toMatch(/["'`]node:/);
    expect(code).not.toMatch(/\brequire\(/);
  });
});

describe("the size of edge bundles", () => {
  const measure = (cwd: string) => {
    const done = spawnSync(process.execPath, [SIZE_LIMIT], { cwd, encoding: "utf8" });
    return { status: done.status, said: done.stdout + done.stderr };
  };

  /** Makes a project of one file, whose size the same tool limits. */
  const project = (source: string, limit: string) => {
    const folder = mkdtempSync(join(tmpdir(), "headgate-size-"));
    cleanUp(folder, (it) => rmSync(it, { recursive: true }));
    cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "entry.js"), source);
    const held = [{ name: "entry", path: "entry.js", limit }];
    writeFileSync(join(folder, ".size-limit.json"), JSON.stringify(held));
    return folder;
  };

  test("the edge bundles are within the limits of .size-limit.json", () => {
    const held = JSON.parse(readFileSync(join(ROOT, ".size-limit.json"), "utf8")) as unknown[];
    expect(held[0]).toMatchObject({ path: "tests/fixtures/size/gate.ts", limit: "36 kB" });
    expect(measure(ROOT)).toMatchObject({ status: 0, said: expect.stringContaining("brotlied") });
  });

  test("a bundle above its limit fails the size check", () => {
    const text = Array.from({ length: 500 }, (_, i) => Math.sin(i)).join();
    const source = `export const text = ${JSON.stringify(text)};`;
    expect(measure(project(source, "50 kB")).status).toBe(0);
    expect(measure(project(source, "1 kB"))).toMatchObject({
      status: 1,
      said: expect.stringContaining("exceeded"),
    });
  });

  test("a bundle with a Node import fails the size check", () => {
    const source = 'import { readFileSync } from "node:fs"; console.log(readFileSync);';
    expect(measure(project(source, "50 kB"))).toMatchObject({
      status: 1,
      said: expect.stringContaining('Could not resolve "node:fs"'),
    });
  });
});

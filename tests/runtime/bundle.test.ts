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

describe.each(["workerd", "edge"] as const)("the guard with all it needs, for %s", (platform) => {
  test("is one file that imports nothing, of Node or else", async () => {
    const { code, imports } = await bundle(platform, WORKER);
    expect(imports).toEqual([]);
    expect(code).not.toMatch(/["'`]node:/);
    expect(code).not.toMatch(/\brequire\(/);
  });
});

describe("the size of what runs at the edge", () => {
  const measure = (cwd: string) => {
    const done = spawnSync(process.execPath, [SIZE_LIMIT], { cwd, encoding: "utf8" });
    return { status: done.status, said: done.stdout + done.stderr };
  };

  /** A project of one file, held to a limit by the same tool. */
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

  test("is within the limits that the repository states", () => {
    const held = JSON.parse(readFileSync(join(ROOT, ".size-limit.json"), "utf8")) as unknown[];
    expect(held[0]).toMatchObject({ path: "tests/fixtures/size/gate.ts", limit: "36 kB" });
    expect(measure(ROOT)).toMatchObject({ status: 0, said: expect.stringContaining("brotlied") });
  });

  test("above a limit would fail the check", () => {
    const text = Array.from({ length: 500 }, (_, i) => Math.sin(i)).join();
    const source = `export const text = ${JSON.stringify(text)};`;
    expect(measure(project(source, "50 kB")).status).toBe(0);
    expect(measure(project(source, "1 kB"))).toMatchObject({
      status: 1,
      said: expect.stringContaining("exceeded"),
    });
  });

  test("with an import of Node's would fail the check", () => {
    const source = 'import { readFileSync } from "node:fs"; console.log(readFileSync);';
    expect(measure(project(source, "50 kB"))).toMatchObject({
      status: 1,
      said: expect.stringContaining('Could not resolve "node:fs"'),
    });
  });
});

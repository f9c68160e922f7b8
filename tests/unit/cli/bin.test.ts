import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";
import { MACHINE } from "../../support/machine.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

const { bin } = JSON.parse(readFileSync(join(ROOT, "lib", "package.json"), "utf8")) as {
  readonly bin: { readonly headgate: string };
};
const BIN = join(ROOT, "lib", bin.headgate);

test("headgate is the bin of the package, and its first line makes it executable", () => {
  expect(existsSync(BIN)).toBe(true);
  expect(readFileSync(BIN, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  expect(statSync(BIN).mode & 0o111).toBe(0o111);
});

describe("the bin in an app", () => {
  /** Makes an app in a folder whose name has a space, with the package where npm installs it. */
  function app(put: (from: string, to: string) => void) {
    const root = join(
      cleanUp(mkdtempSync(join(tmpdir(), "headgate-bin-")), (it) =>
        rmSync(it, { recursive: true }),
      ),
      "an app",
    );
    mkdirSync(join(root, "node_modules"), { recursive: true });
    put(join(ROOT, "lib"), join(root, "node_modules", "headgate"));
    return (...nodeArgs: readonly string[]) => {
      const file = join(root, "node_modules", "headgate", bin.headgate);
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...nodeArgs, file, "--help"],
        {
          cwd: root,
          encoding: "utf8",
          env: { ...MACHINE, NODE_ENV: "production" },
        },
      );
      return { status, stdout, stderr };
    };
  }
  const linked = () => app((from, to) => symlinkSync(from, to));

  test("the bin runs the commands of a linked package", () => {
    expect(linked()()).toMatchObject({
      status: 0,
      stderr: "",
      stdout: expect.stringContaining("npx headgate check") as string,
    });
  });

  test("the bin names the Node version that it needs when Node runs no TypeScript, such as Node 20", () => {
    expect(linked()("--no-strip-types")).toEqual({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(/^NODE_UNSUPPORTED: .* Node 22\.18 or later.*\n$/) as string,
    });
  });

  test("the bin says how to install a package that was copied into node_modules", () => {
    const copied = app((from, to) => {
      mkdirSync(join(to, "cli"), { recursive: true });
      cpSync(join(from, bin.headgate), join(to, bin.headgate));
    });
    expect(copied()).toEqual({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(/^NODE_UNSUPPORTED: .*npm install \.\/lib\.\n$/) as string,
    });
  });
});

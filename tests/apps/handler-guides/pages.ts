import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BIN, run, runNext } from "./app.ts";
import { FILES, POLICY } from "./files.ts";

/** An import of a package, not of a file of the app. */
const PACKAGE = /^(?:import|export|\}) .*from "((?!@\/)[a-z@][^"]*)"/gm;

/** Tests that the files of the guides are one app, which compiles and starts. */
export function testPages(): void {
  describe("the guides", () => {
    test("the guides show a file with the same content everywhere, but for the policy", () => {
      const shown = FILES.filter(({ path }) => path !== POLICY);
      const differing = shown.filter(({ path, text }) =>
        shown.some((other) => other.path === path && other.text !== text),
      );
      expect(differing.map(({ guide, path }) => `${guide}: ${path}`)).toEqual([]);
      expect(new Set(shown.map(({ path }) => path)).size).toBeGreaterThan(15);
    });

    test("the guides import only headgate and the packages of create-next-app", () => {
      const used = FILES.flatMap(({ text }) =>
        [...text.matchAll(PACKAGE)].map(([, name = ""]) => name.replace(/[/:].*/, "")),
      );
      expect([...new Set(used)].toSorted()).toEqual(["headgate", "next", "node", "react"]);
    });

    test("the guides show an app that compiles", () => {
      expect(run(join(BIN, "typescript", "bin", "tsc"), "--noEmit", "-p", ".")).toEqual({
        status: 0,
        output: "",
      });
    });

    test("the guides show policies that pass headgate check", () => {
      const check = run("node_modules/headgate/bin.mjs", "check");
      expect(check.output).toContain("9 rules");
      expect(check.status).toBe(0);
    });
  });

  test("an app without its variables does not start, and prints which ones are missing", () => {
    const start = runNext("start", "-p", "0");
    expect(start.output).toContain("ENV_INVALID: The environment cannot be used.");
    expect(start.output).toContain("UPSTASH_REDIS_REST_URL must be set");
    expect(start.status).toBe(1);
  });
}

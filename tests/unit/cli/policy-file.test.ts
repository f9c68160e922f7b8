import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findPolicyFile, projectPolicy } from "#lib/cli/policy-file";
import { write } from "../../package/world.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

function folderWith(...paths: readonly string[]): string {
  const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-policy-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  write(folder, { "package.json": "{}", ...Object.fromEntries(paths.map((path) => [path, ""])) });
  return folder;
}

test.each([
  "config/rate-limits.ts",
  "config/rate-limits.mts",
  "config/rate-limits.js",
  "config/rate-limits.mjs",
  "src/config/rate-limits.ts",
  "src/config/rate-limits.js",
])("findPolicyFile finds a policy at %s", (path) => {
  const folder = folderWith(path);
  expect(findPolicyFile(folder, undefined)).toBe(join(folder, path));
});

test("findPolicyFile prefers the policy beside package.json to that of src", () => {
  const folder = folderWith("src/config/rate-limits.ts", "config/rate-limits.js");
  expect(findPolicyFile(folder, undefined)).toBe(join(folder, "config/rate-limits.js"));
});

test("the error for a project without a policy says where it is searched", async () => {
  const folder = folderWith();
  expect(() => findPolicyFile(folder, undefined)).toThrow(
    `There is no file ${join(folder, "config/rate-limits.ts")}.`,
  );
  expect(await projectPolicy(folder, undefined)).toContain("config/rate-limits.ts");
});

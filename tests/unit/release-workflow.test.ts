import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../support/app.ts";

const WORKFLOWS = join(ROOT, ".github", "workflows");
const WORKFLOW = readFileSync(join(WORKFLOWS, "release.yml"), "utf8");

/** Returns the indented lines of the block that begins with a line. */
function blockOf(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const [, after = ""] = WORKFLOW.split(`\n${line}\n`);
  const lines = after.split("\n");
  const end = lines.findIndex((it) => it !== "" && !it.startsWith(`${indent} `));
  return lines.slice(0, end === -1 ? undefined : end).join("\n");
}

test("the repository has no workflow but the release workflow", () => {
  // A test that runs headgate init in a folder of this tree could add one.
  expect(readdirSync(WORKFLOWS)).toEqual(["release.yml"]);
});

test("the release workflow runs on a version tag only", () => {
  expect(blockOf("on:").trim()).toBe('push:\n    tags: ["v[0-9]+.[0-9]+.[0-9]+*"]');
});

test("only the job in the environment npm publishes, with provenance, and that job builds nothing", () => {
  const [build, publish] = [blockOf("  package:"), blockOf("  publish:")];
  expect(publish).toContain("environment: npm");
  expect(publish).toContain("id-token: write");
  expect(publish).toContain("npm publish ./headgate-*.tgz --provenance --access public");
  expect(publish).not.toMatch(/npm (?:ci|install|run)|checkout/);
  expect(build).toContain("npm run package");
  expect(build).not.toMatch(/id-token|secrets\.|npm publish/);
});

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { renderAudit } from "#lib/audit/render";
import type { Project } from "../../support/audit-project.ts";
import { audits, GET, rule } from "../../support/audits.ts";

const { project, auditAt, audit, failuresOf } = audits();

describe("an unreadable build", () => {
  const policy = { rules: { api: rule("/api/:path*") } };

  test("the audit rejects a project without a build", async () => {
    const root = project({ policy });
    rmSync(join(root, ".next"), { recursive: true });
    await expect(auditAt(root)).rejects.toMatchObject({
      code: "AUDIT_FAILED",
      message: expect.stringMatching(/no build to audit: no .*Run npm run build first/),
    });
  });

  test.each([
    ["routes-manifest.json", "{", "it is not JSON"],
    ["routes-manifest.json", "{}", "basePath"],
    ["server/middleware-manifest.json", '{"middleware":{"/":{}}}', "middleware./.matchers"],
    ["server/middleware-manifest.json", '{"middleware":{"/":{"matchers":[{"regexp":"("}]}}}', "("],
  ])("the audit rejects %s with %j and says why", async (name, text, why) => {
    const root = project({ policy });
    writeFileSync(join(root, ".next", name), text);
    await expect(auditAt(root)).rejects.toMatchObject({
      code: "AUDIT_FAILED",
      message: expect.stringContaining(why),
    });
  });

  test.each(["[", "7", '[{"source":"/a"}]'])(
    "HEADGATE_REWRITES of %j is a warning",
    async (text) => {
      const { warnings, failures } = await audit({ policy, env: { HEADGATE_REWRITES: text } });
      expect(warnings.map(({ code }) => code)).toEqual(["REWRITES_UNREADABLE"]);
      expect(failures).toEqual([]);
    },
  );
});

describe("a build without a gate at work", () => {
  const given: Project = {
    app: { "api/x/route": GET },
    policy: { rules: { api: rule("/api/:path*") } },
  };

  test.each<[string, Partial<Project>, string]>([
    ["no middleware", { matchers: null }, "the build has no middleware"],
    [
      "a middleware that Next did not use",
      { matchers: null, sourceFolder: "src/", middlewareFiles: ["middleware.ts"] },
      "middleware.ts exists, but the build has no middleware",
    ],
    [
      "a proxy that Next did not use",
      { matchers: null, middlewareFiles: ["src/proxy.ts"] },
      "src/proxy.ts exists",
    ],
    ["an empty matcher", { matchers: [] }, "the matcher of the middleware is empty"],
    ["files alone", { output: "export" }, 'output is "export"'],
    [
      "another middleware",
      { built: "export default () => {}" },
      "the middleware of the build is not the gate's",
    ],
    ["another proxy", { built: "export default () => {}", inNode: true }, "is not the gate's"],
  ])("a build without a gate fails: %s", async (_, more, why) => {
    const { failures } = await audit({ ...given, ...more });
    expect(failures.map(({ code }) => code)).toContain("NO_MIDDLEWARE");
    expect(failures[0]?.given).toContain(why);
  });

  test.each([false, true])("a build with the gate does not fail (on Node: %s)", async (inNode) => {
    const built = 'super("POLICY_INVALID")';
    expect(await failuresOf({ ...given, built, inNode })).toEqual([]);
  });
});

describe("the image optimizer", () => {
  const codes = async (images: object) => {
    const { warnings } = await audit({
      app: { "api/x/route": GET },
      policy: { rules: { api: rule("/api/:path*") } },
      images,
    });
    return warnings.map(({ code }) => code);
  };

  test("the image optimizer is a warning when it may fetch a limited path", async () => {
    expect(await codes({ localPatterns: [{ pathname: "**", search: "" }] })).toEqual([
      "IMAGE_OPTIMIZER",
    ]);
    expect(await codes({})).toEqual(["IMAGE_OPTIMIZER"]);
    expect(await codes({ localPatterns: [{ pathname: "/images/**" }] })).toEqual([]);
    expect(await codes({ unoptimized: true })).toEqual([]);
    expect(await codes({ loader: "custom" })).toEqual([]);
  });
});

test("an audit is readable at 100 columns", async () => {
  const path = `api/${"a-long-name/".repeat(5)}[id]`;
  const names = Array.from({ length: 12 }, (_, i) => [`a-rule-${i}`, rule("/api/:path*")] as const);
  const text = renderAudit(
    await audit({
      app: { [`${path}/route`]: GET, "api/other/route": GET, "none/route": GET },
      policy: { rules: Object.fromEntries(names) },
    }),
  );
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(text).toContain("a-rule-11");
  expect(text).toMatch(/^\/none +handler +GET +NOT COVERED: no rule$/m);
});

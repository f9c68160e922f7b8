import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { adviceFor } from "#lib/cli/advice";
import { tellPrefetch } from "#lib/server/prefetch-header";
import { seesPrefetches } from "#lib/audit/prefetch-seen";
import { ROOT } from "../../support/app.ts";
import { callCommand } from "../../support/call-command.ts";
import { runCommand } from "../../support/command.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

function project(files: Readonly<Record<string, string>>): string {
  const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-project-")), (it) =>
    rmSync(it, { recursive: true, force: true }),
  );
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe("our server", () => {
  const told = (headers: Record<string, string>) => {
    const request = new IncomingMessage(new Socket());
    Object.assign(request.headers, headers);
    tellPrefetch(request);
    return request.headers["x-headgate-prefetch"];
  };

  test("our server marks a prefetch of Next's router for the gate, and ignores the mark of a client", () => {
    expect(told({ "next-router-prefetch": "1" })).toBe("1");
    expect(told({ "next-router-segment-prefetch": "/_tree" })).toBe("1");
    expect(told({ "x-headgate-prefetch": "1" })).toBeUndefined();
  });
});

describe("a project shows prefetches to the gate", () => {
  test.each([
    ["next.config.mjs", "export default { skipProxyUrlNormalize: true };", true],
    ["next.config.ts", "export default async () => ({ skipMiddlewareUrlNormalize: true });", true],
    [
      "next.config.mjs",
      "export default (phase) => ({ skipProxyUrlNormalize: phase.includes('build') });",
      true,
    ],
    ["next.config.mjs", "export default {};", false],
    [
      "next.config.mjs",
      'import "not-there"; export default { skipProxyUrlNormalize: true };',
      false,
    ],
    ["package.json", '{ "scripts": { "start": "headgate start" } }', true],
    ["package.json", '{ "scripts": { "start": "next start" } }', false],
  ])("prefetches that the gate can see, by %s with %s: %s", async (name, text, expected) => {
    expect(await seesPrefetches(project({ [name]: text }))).toBe(expected);
  });

  test("the sample's server shows prefetches to the gate", async () => {
    expect(await seesPrefetches(ROOT)).toBe(true);
  });
});

describe("headgate check", () => {
  const policy = (rule: string) =>
    `export default { rules: { pages: { match: "/p/:id", limits: { ip: "20 per minute" }${rule} } } };`;
  const check = (files: Readonly<Record<string, string>>, ...flags: readonly string[]) =>
    callCommand(project(files), {}, "check", "policy.mjs", ...flags);

  test("headgate check fails for prefetch: apart when the gate cannot see prefetches, and says what to do", async () => {
    const apart = { "policy.mjs": policy(', prefetch: "apart"') };
    const { stderr, status } = await runCommand(project(apart), {}, "check", "policy.mjs");
    expect(status).toBe(1);
    expect(stderr).toContain("PREFETCH_UNSEEN: ");
    expect(stderr).toContain("skipProxyUrlNormalize: true");
    const config = { "next.config.mjs": "export default { skipProxyUrlNormalize: true };" };
    expect(await check({ ...apart, ...config })).toMatchObject({ status: 0, stderr: "" });
  });

  test("headgate check prints advice and does not fail for it", async () => {
    const { stdout, status } = await check({ "policy.mjs": policy("") });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^policy\.mjs: 1 rule, 1 limit, 0 exempt paths\n\nadvice {3}pages: /);
    const json = await check({ "policy.mjs": policy("") }, "--json");
    const data = JSON.parse(json.stdout) as object;
    expect(data).toMatchObject({ ok: true, rules: 1, failures: [] });
  });
});

describe("advice", () => {
  const limits = { ip: "100 per minute" };
  const named = (rules: Readonly<Record<string, object>>, packages: readonly string[] = []) => {
    const dependencies = Object.fromEntries(packages.map((name) => [name, "1.0.0"]));
    const folder = project({ "package.json": JSON.stringify({ dependencies }) });
    return adviceFor({ rules }, folder).map((line) => line.split(" ").slice(0, 4).join(" "));
  };

  test("adviceFor reports a page's rule of less than 60 a minute that counts prefetches", () => {
    const few = { limits: { ip: "20 per minute" } };
    expect(named({ pages: { match: "/p/:id", ...few } })).toEqual(["pages: the links of"]);
    expect(named({ pages: { match: "/p/:id", ...few, prefetch: "apart" } })).toEqual([]);
    expect(named({ pages: { match: "/p/:id", limits } })).toEqual([]);
    expect(named({ api: { match: "/api/:path*", ...few } })).toEqual([]);
    expect(named({ posts: { match: "/contact", methods: ["POST"], ...few } })).toEqual([]);
  });

  test("adviceFor reports a small limit on the endpoint of a session", () => {
    const rules = { api: { match: "/api/:path*", limits } };
    expect(named(rules, ["next-auth"])).toEqual(["api: it counts /api/auth/session,"]);
    expect(named(rules, ["better-auth"])).toEqual(["api: it counts /api/auth/get-session,"]);
    expect(named(rules)).toEqual([]);
    const wide = { api: { match: "/api/:path*", limits: { ip: "600 per minute" } } };
    expect(named(wide, ["next-auth"])).toEqual([]);
  });

  test("adviceFor reports a small limit that counts files", () => {
    expect(named({ all: { match: "/:path*", limits } })).toEqual(["all: it counts files"]);
    expect(named({ all: { match: "/:path*", limits: { ip: "2000 per minute" } } })).toEqual([]);
  });
});

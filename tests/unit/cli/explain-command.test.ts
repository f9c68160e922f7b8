import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requestMaker } from "#lib/cli/explain/request";
import { write } from "../../package/world.ts";
import { ROOT } from "../../support/app.ts";
import { callCommand } from "../../support/call-command.ts";
import { runCommand } from "../../support/command.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

/** A policy in shadow in production, as `headgate init` writes it. */
const INITS = `import { definePolicy } from "headgate";

export default definePolicy({
  mode: process.env.NODE_ENV === "production" ? "shadow" : "enforce",
  rules: { api: { match: "/api/:path*", limits: { ip: "5 per minute" } } },
});
`;

test.each([
  [
    ["/api/x", "--ip", "203.0.113.7"],
    "api  is counted by /api/:path* (it is in shadow",
    runCommand,
  ],
  [["GET", "/api/x", "--dev"], "api  decides by /api/:path*", callCommand],
  [
    ["POST", "/api/x", "--policy", "config/rate-limits.ts", "--json"],
    '"applies": "shadow"',
    callCommand,
  ],
])("headgate explain %j loads the policy in the right mode", async (args, expected, run) => {
  const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-explain-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  write(folder, { "config/rate-limits.ts": INITS, "package.json": '{ "name": "shop" }' });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(ROOT, "lib"), join(folder, "node_modules", "headgate"));
  const done = await run(folder, { NODE_ENV: "test" }, "explain", ...args);
  expect(done.stdout).toContain(expected);
  expect(done.stderr).toBe("");
  expect(done.status).toBe(0);
});

test.each([
  [{ method: "GET", url: "/", headers: ["no colon"] }, '--header must be "name: value"'],
  [{ method: "GET", url: "http://[", headers: [] }, "Invalid URL"],
  [{ method: "TRACE IT", url: "/", headers: [] }, "The request cannot be made"],
])("an invalid request %j is an error with the reason", (written, expected) => {
  expect(() => requestMaker(ROOT, written, {})).toThrow(expected);
});

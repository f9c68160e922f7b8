import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { AnyPolicy } from "#lib/policy/define";
import { createTestGate } from "#lib/testing/gate";
import { ROOT } from "../../support/app.ts";
import { writeFilesOf } from "../../support/page-files.ts";

/** A folder within the tree, so that packages are found. */
const FOLDER = join(ROOT, ".headgate", `allow-and-block-${process.pid}`);

beforeAll(() => {
  vi.stubEnv("AUTH_SECRET", "a secret of this test, long enough");
  vi.stubEnv("MONITOR_TOKEN", "a token of the monitor");
  writeFilesOf("guides/allow-and-block.md", FOLDER);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(FOLDER, { recursive: true, force: true });
});

test("the policy of docs/guides/allow-and-block.md allows and blocks the clients that it names", async () => {
  const policy = (await import(join(FOLDER, "config", "rate-limits.ts"))) as { default: AnyPolicy };
  const gate = createTestGate(policy.default);
  const statuses = async (about: { ip?: string; headers?: Record<string, string> }) => {
    const seen = new Set<number>();
    for (let i = 0; i < 31; i += 1) seen.add((await gate.send("/api/search", about)).status);
    return [...seen];
  };
  expect(await statuses({ ip: "192.0.2.1" })).toEqual([200, 429]);
  expect(await statuses({ ip: "198.51.100.7" })).toEqual([200]);
  expect(await statuses({ ip: "203.0.113.7" })).toEqual([403]);
  const monitor = { authorization: "Bearer a token of the monitor" };
  expect(await statuses({ ip: "192.0.2.2", headers: monitor })).toEqual([200]);
});

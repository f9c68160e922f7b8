import { rmSync } from "node:fs";
import { join } from "node:path";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { AnyPolicy } from "#lib/policy/define";
import { createTestGate } from "#lib/testing/gate";
import { ROOT } from "../../support/app.ts";
import { writeFilesOf } from "../../support/page-files.ts";

/** A folder within the tree, so that packages are found. */
const FOLDER = join(ROOT, ".headgate", `customers-${process.pid}`);
const SECRET = "a secret of this test's own tokens, long enough";

beforeAll(() => {
  vi.stubEnv("AUTH_SECRET", SECRET);
  writeFilesOf("guides/plans-and-customers.md", FOLDER);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(FOLDER, { recursive: true, force: true });
});

async function tokenOf(user: string, plan: string): Promise<string> {
  return new SignJWT({ plan })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(user)
    .setAudience("shop")
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
}

test("the policy of docs/guides/plans-and-customers.md gives each plan its limits", async () => {
  const policy = (await import(join(FOLDER, "config", "rate-limits.ts"))) as { default: AnyPolicy };
  const gate = createTestGate(policy.default);
  const statusesOf = async (user: string, plan: string) => {
    const headers = { authorization: `Bearer ${await tokenOf(user, plan)}` };
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      statuses.push((await gate.send("/api/export", { headers })).status);
    }
    return statuses;
  };
  expect(await statusesOf("ada", "free")).toEqual([200, 200, 200, 200, 200, 429]);
  expect(await statusesOf("grace", "pro")).toEqual([200, 200, 200, 200, 200, 200]);
  expect(await statusesOf("lin", "a plan that is not listed")).toEqual([
    200, 200, 200, 200, 200, 429,
  ]);
});

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { AnyPolicy } from "#lib/policy/define";
import { createTestGate } from "#lib/testing/gate";
import { ROOT } from "../../support/app.ts";
import { complaintsOf } from "../../support/compile.ts";

/** Within the tree, so that packages are found. */
const FOLDER = join(ROOT, ".headgate", `customers-${process.pid}`);
const GUIDE = readFileSync(join(ROOT, "docs", "guides", "customers.md"), "utf8");
const FILES = [...GUIDE.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)];
const GATE = `import { createHeadgate } from "headgate";
import policy from "./config/rate-limits";

export const gate = createHeadgate(policy);
`;
const SECRET = "a secret of this test's own tokens, long enough";

beforeAll(() => {
  vi.stubEnv("AUTH_SECRET", SECRET);
  vi.stubEnv("MONITOR_TOKEN", "a token of the monitor");
  const files = [...FILES.map(([, path = "", code = ""]) => [path, code]), ["gate.ts", GATE]];
  for (const [path = "", code = ""] of files) {
    mkdirSync(dirname(join(FOLDER, path)), { recursive: true });
    writeFileSync(join(FOLDER, path), code);
  }
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

test("the code of docs/guides/customers.md compiles", () => {
  expect(FILES.map(([, path]) => path)).toEqual([
    "config/identities.ts",
    "config/rate-limits.ts",
    "app/_support/raise.ts",
  ]);
  const settings = {
    extends: "../../tsconfig.json",
    compilerOptions: { incremental: false, tsBuildInfoFile: null, paths: { "@/*": ["./*"] } },
    include: ["**/*.ts"],
    exclude: [],
  };
  expect(complaintsOf(FOLDER, settings)).toBe("");
});

test("the policy of docs/guides/customers.md gives each plan its limits, and lists their clients", async () => {
  const policy = (await import(join(FOLDER, "config", "rate-limits.ts"))) as { default: AnyPolicy };
  const gate = createTestGate(policy.default);
  const statusesOf = async (authorization: string, times: number) => {
    const statuses: number[] = [];
    for (let i = 0; i < times; i += 1) {
      const response = await gate.send("/api/export", { headers: { authorization } });
      statuses.push(response.status);
    }
    return statuses;
  };
  const free = `Bearer ${await tokenOf("ada", "free")}`;
  expect(await statusesOf(free, 6)).toEqual([200, 200, 200, 200, 200, 429]);
  const pro = `Bearer ${await tokenOf("grace", "pro")}`;
  expect(await statusesOf(pro, 6)).toEqual([200, 200, 200, 200, 200, 200]);
  const monitor = "Bearer a token of the monitor";
  expect(await statusesOf(monitor, 6)).toEqual([200, 200, 200, 200, 200, 200]);
  const blocked = `Bearer ${await tokenOf("reseller-17", "pro")}`;
  expect(await statusesOf(blocked, 1)).toEqual([403]);
});

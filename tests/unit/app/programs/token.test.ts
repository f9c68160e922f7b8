import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { authSecret } from "#app/_programs/auth-secret";
import { token } from "#app/_programs/token";
import { loadEnvFiles } from "#lib/server/env-files";
import { jwtReader } from "#lib/identity/jwt";
import { ROOT } from "../../../support/app.ts";
import { callProgram } from "../../../support/call-command.ts";
import { MACHINE } from "../../../support/machine.ts";
import { scope } from "../../../support/scope.ts";
import { AUTH_SECRET } from "../../../support/sign.ts";

const cleanUp = scope();
const run = promisify(execFile);

const folder = () =>
  cleanUp(mkdtempSync(join(tmpdir(), "headgate-token-")), (it) =>
    rmSync(it, { recursive: true, force: true }),
  );

const ENV = { NODE_ENV: "test", AUTH_SECRET } as const;

/** Runs `npm run token` in this process. */
const call = (...args: readonly string[]) => callProgram(token, { cwd: ROOT, env: ENV, args });

/** Reads a printed token as the app does. */
function read(printed: string) {
  const headers = { authorization: `Bearer ${printed.trim()}` };
  const reader = jwtReader({ secrets: [AUTH_SECRET], audience: "headgate" });
  return reader(new Request("http://app.example", { headers }));
}

describe("npm run token", () => {
  test("npm run token prints a token that names the user and the role, for the given time", async () => {
    const program = ["app/_programs/token.command.ts", "--sub", "artist-1", "--role", "admin"];
    const { stdout } = await run(process.execPath, [...program, "--for", "5 minutes"], {
      cwd: ROOT,
      env: { ...MACHINE, ...ENV },
    });
    const known = await read(stdout);
    expect(known).toMatchObject({
      kind: "verified",
      subject: "artist-1",
      claims: { role: "admin" },
    });
    const { exp = 0, iat = 0 } = known.kind === "verified" ? known.claims : {};
    expect(exp - iat).toBe(300);
  });

  test("npm run token names no role by default", async () => {
    const { stdout } = await call("--sub", "artist-1");
    const known = await read(stdout);
    expect(known).toMatchObject({ kind: "verified", from: "bearer" });
    expect(known.kind === "verified" && known.claims).not.toHaveProperty("role");
  });

  test.each([
    [["--for", "1 fortnight", "--sub", "a"], "--for"],
    [["--for", "2 months", "--sub", "a"], "--for"],
    [[], "--sub"],
    [["--user", "a"], "--user"],
  ])("npm run token names the error in %j", async (args, what) => {
    expect(await call(...args)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(what),
    });
  });
});

describe("the secret", () => {
  test("the secret is the environment's, or is made once for this machine and readable only by this user", () => {
    const root = folder();
    expect(authSecret(root, "x".repeat(32)).secret).toBe("x".repeat(32));
    const { secret } = authSecret(root, undefined);
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(authSecret(root, "").secret).toBe(secret);
    const file = join(root, ".headgate", "auth-secret");
    expect(readFileSync(file, "utf8")).toBe(secret);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(authSecret(folder(), undefined).secret).not.toBe(secret);
  });

  test("a stored secret that is too short is rejected, and not shown", () => {
    const root = folder();
    authSecret(root, undefined);
    writeFileSync(join(root, ".headgate", "auth-secret"), "short");
    expect(() => authSecret(root, undefined)).toThrow(/must hold a secret/);
  });
});

test("the environment wins over a mode's .env file, which wins over .env", () => {
  const root = folder();
  const names = ["HEADGATE_TEST_A", "HEADGATE_TEST_B", "HEADGATE_TEST_C"];
  cleanUp(names, (them) => them.forEach((name) => delete process.env[name]));
  process.env["HEADGATE_TEST_A"] = "environment";
  writeFileSync(
    join(root, ".env"),
    "HEADGATE_TEST_A=env\nHEADGATE_TEST_B=env\nHEADGATE_TEST_C=env\n",
  );
  writeFileSync(join(root, ".env.production.local"), "HEADGATE_TEST_B=production\n");
  writeFileSync(join(root, ".env.development"), "HEADGATE_TEST_C=development\n");
  loadEnvFiles(root, "production");
  expect(names.map((name) => process.env[name])).toEqual(["environment", "production", "env"]);
});

import { spawnSync } from "node:child_process";
import { pbkdf2Sync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accountName, readAccounts } from "#app/_domain/auth/accounts";
import { hashPassword, parsePasswordHash, verifyPassword } from "#app/_domain/auth/passwords";
import { ROOT } from "../../support/app.ts";

const hash = (iterations: number) =>
  `pbkdf2-sha256:${iterations}:${"ab".repeat(16)}:${"cd".repeat(32)}`;

describe("a password's hash", () => {
  test("is of that password alone, in either spelling of its letters", async () => {
    const kept = parsePasswordHash(await hashPassword("caf\u00E9", 1000));
    expect(kept).toMatchObject({ iterations: 1000 });
    if (!kept) return;
    expect(await verifyPassword("caf\u00E9", kept)).toBe(true);
    expect(await verifyPassword("cafe\u0301", kept)).toBe(true);
    for (const other of ["cafe", "CAF\u00C9", "caf\u00E9 ", ""]) {
      expect(await verifyPassword(other, kept)).toBe(false);
    }
  });

  test("is another one each time", async () => {
    expect(await hashPassword("x", 1000)).not.toBe(await hashPassword("x", 1000));
  });

  test("is what another implementation of PBKDF2-HMAC-SHA-256 computes", async () => {
    const salt = Buffer.from("ab".repeat(16), "hex");
    const expected = pbkdf2Sync("passwd", salt, 1000, 32, "sha256").toString("hex");
    const kept = parsePasswordHash(`pbkdf2-sha256:1000:${"ab".repeat(16)}:${expected}`);
    expect(kept && (await verifyPassword("passwd", kept))).toBe(true);
  });

  test.each([
    "",
    "secret",
    hash(0),
    hash(2_000_001),
    hash(1000).slice(0, -2),
    hash(1000).replace("sha256", "sha1"),
    `${hash(1000)}00`,
  ])("cannot be read from %j", (text) => {
    expect(parsePasswordHash(text)).toBeUndefined();
  });
});

describe("the accounts", () => {
  test("are those of the list, and every other name has a password that nobody knows", () => {
    const accounts = readAccounts(`ada:${hash(1000)}\n José:${hash(1000)} `);
    expect(accounts.passwordOf("ada").hash[0]).toBe(0xcd);
    expect(accounts.passwordOf("josé").hash[0]).toBe(0xcd);
    const nobody = accounts.passwordOf("eve");
    expect(accounts.passwordOf("mallory")).toBe(nobody);
    expect(nobody.iterations).toBe(1000);
    expect(nobody.salt).toHaveLength(16);
    expect(nobody.hash).toHaveLength(32);
  });

  test("may be none", () => {
    expect(readAccounts("").passwordOf("demo").iterations).toBe(100_000);
  });

  test.each([
    ["no hash", "ada"],
    ["a password as it is", "ada:secret-password"],
    ["no name", `:${hash(1000)}`],
    ["a name twice", `ada:${hash(1000)} ADA:${hash(1000)}`],
    ["two numbers of iterations", `ada:${hash(1000)} bob:${hash(2000)}`],
  ])("are refused with %s, without saying what was given", (_, list) => {
    const read = () => readAccounts(list);
    expect(read).toThrow(expect.objectContaining({ code: "ENV_INVALID" }));
    expect(read).toThrow(/^DEMO_ACCOUNTS cannot be read; allowed: (?!.*(secret|ada|bob))/);
  });

  test("an entry is made by a program that reads the password from its input", async () => {
    const made = spawnSync(process.execPath, ["app/_domain/auth/new-account.ts", " Ada", "1000"], {
      cwd: ROOT,
      encoding: "utf8",
      input: "ada's own\n",
    });
    const ada = readAccounts(made.stdout).passwordOf("ada");
    expect(await verifyPassword("ada's own", ada)).toBe(true);
    const refused = spawnSync(process.execPath, ["app/_domain/auth/new-account.ts"], { cwd: ROOT });
    expect(refused.status).toBe(1);
  });
});

describe("the form of a name", () => {
  test.each([
    ["Ada", "ada"],
    ["\tada\u00A0", "ada"],
    ["ﬁne", "fine"],
    ["ＡＤＡ", "ada"],
    ["jose\u0301", "jos\u00E9"],
    ["\u3000", ""],
  ])("of %j is %j", (typed, name) => {
    expect(accountName(typed)).toBe(name);
  });

  test("stays the same when it is brought into it again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), (a, b) => {
        const name = accountName(a + b);
        expect(accountName(name)).toBe(name);
      }),
    );
  });
});

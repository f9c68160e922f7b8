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
  test("a hash matches only its password, in either Unicode spelling", async () => {
    const kept = parsePasswordHash(await hashPassword("caf\u00E9", 1000));
    expect(kept).toMatchObject({ iterations: 1000 });
    if (!kept) return;
    expect(await verifyPassword("caf\u00E9", kept)).toBe(true);
    expect(await verifyPassword("cafe\u0301", kept)).toBe(true);
    for (const other of ["cafe", "CAF\u00C9", "caf\u00E9 ", ""]) {
      expect(await verifyPassword(other, kept)).toBe(false);
    }
  });

  test("hashing a password twice gives two hashes", async () => {
    expect(await hashPassword("x", 1000)).not.toBe(await hashPassword("x", 1000));
  });

  test("a hash equals that of another implementation of PBKDF2-HMAC-SHA-256", async () => {
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
  ])("parsePasswordHash cannot read %j", (text) => {
    expect(parsePasswordHash(text)).toBeUndefined();
  });
});

describe("the accounts", () => {
  test("readAccounts reads the list, and gives every other name a hash that no password matches", () => {
    const accounts = readAccounts(`ada:${hash(1000)}\n José:${hash(1000)} `);
    expect(accounts.passwordOf("ada").hash[0]).toBe(0xcd);
    expect(accounts.passwordOf("josé").hash[0]).toBe(0xcd);
    const nobody = accounts.passwordOf("eve");
    expect(accounts.passwordOf("mallory")).toBe(nobody);
    expect(nobody.iterations).toBe(1000);
    expect(nobody.salt).toHaveLength(16);
    expect(nobody.hash).toHaveLength(32);
  });

  test("readAccounts accepts an empty list", () => {
    expect(readAccounts("").passwordOf("demo").iterations).toBe(100_000);
  });

  test.each([
    ["no hash", "ada"],
    ["a plain password", "ada:secret-password"],
    ["no name", `:${hash(1000)}`],
    ["a name twice", `ada:${hash(1000)} ADA:${hash(1000)}`],
    ["two numbers of iterations", `ada:${hash(1000)} bob:${hash(2000)}`],
  ])("readAccounts rejects a list with %s without repeating it", (_, list) => {
    const read = () => readAccounts(list);
    expect(read).toThrow(expect.objectContaining({ code: "ENV_INVALID" }));
    expect(read).toThrow(/^DEMO_ACCOUNTS must be (?!.*(secret|ada|bob))/);
  });

  test("new-account.ts makes an entry with a password from standard input", async () => {
    const made = spawnSync(process.execPath, ["app/_domain/auth/new-account.ts", " Ada", "1000"], {
      cwd: ROOT,
      encoding: "utf8",
      input: "ada's own\n",
    });
    const ada = readAccounts(made.stdout).passwordOf("ada");
    expect(await verifyPassword("ada's own", ada)).toBe(true);
    const rejected = spawnSync(process.execPath, ["app/_domain/auth/new-account.ts"], {
      cwd: ROOT,
    });
    expect(rejected.status).toBe(1);
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
  ])("accountName(%j) is %j", (typed, name) => {
    expect(accountName(typed)).toBe(name);
  });

  test("accountName does not change a name that it returned", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), (a, b) => {
        const name = accountName(a + b);
        expect(accountName(name)).toBe(name);
      }),
    );
  });
});

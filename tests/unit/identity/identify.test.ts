import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clientOf } from "#lib/identity/identify";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { resolveIdentities } from "#lib/identity/resolve";
import { wanted } from "../../support/wanted.ts";

const name = createKeyedHash("a secret of the tests, long enough");
const ip = "203.0.113.9";

/** The client key that a limit counts. */
const keyOf = (
  expression: string,
  values: ReadonlyMap<string, string | undefined>,
  address: string,
) => clientOf(wanted(expression), values, address, name).counted.get(expression)?.key;

describe("clientOf", () => {
  const ada = new Map([["user", "ada"]]);
  const unnamed = new Map<string, string>();

  test("a limit counts the named identity, and the address when the identity has no value", () => {
    expect(keyOf("user", ada, ip)).toBe(name("user", "ada"));
    expect(keyOf("user", unnamed, ip)).toBe(name("ip", ip));
    expect(keyOf("user|ip", ada, ip)).toBe(name("user", "ada"));
    expect(keyOf("user|ip", unnamed, ip)).toBe(name("ip", ip));
    expect(keyOf("user|ip", new Map([["user", ""]]), ip)).toBe(name("ip", ip));
  });

  test("a user named like an address is not that address", () => {
    expect(keyOf("user", new Map([["user", ip]]), ip)).not.toBe(name("ip", ip));
  });

  test("a combination counts another client when any part differs", () => {
    const clients = [
      keyOf("ip+user", ada, ip),
      keyOf("ip+user", new Map([["user", "bob"]]), ip),
      keyOf("ip+user", ada, "203.0.113.10"),
      keyOf("ip+user", unnamed, ip),
    ];
    expect(new Set(clients).size).toBe(clients.length);
  });

  test("a global limit counts all clients as one", () => {
    expect(keyOf("global", ada, ip)).toBe(keyOf("global", unnamed, "198.51.100.1"));
  });
});

describe("resolveIdentities", () => {
  const request = new Request("http://app.example/");

  test("a resolver that throws names no user and is reported", async () => {
    const identities = {
      user: () => Promise.reject(new Error("database down")),
      tenant: (() => 42) as unknown as () => string,
      plan: () => "pro",
      account: "from-code",
    } as const;
    const names = ["user", "tenant", "plan", "account", "ip", "toString"];
    const { values, failures } = await resolveIdentities(names, identities, request, 10_000);
    expect([...values]).toEqual([["plan", "pro"]]);
    expect(failures.map(({ identity }) => identity).toSorted()).toEqual(["tenant", "user"]);
  });

  test("a resolver that is too slow names no user, and does not delay the others", async () => {
    let late: ((name: string) => void) | undefined;
    const identities = {
      slow: () => new Promise<string>((resolve) => (late = resolve)),
      never: () => new Promise<string>(() => {}),
      plan: () => Promise.resolve("pro"),
    };
    const names = ["slow", "never", "plan"];
    const { values, failures } = await resolveIdentities(names, identities, request, 20);
    late?.("ada");
    expect([...values]).toEqual([["plan", "pro"]]);
    const timeout = (who: string) =>
      expect.objectContaining({
        code: "IDENTITY_TIMEOUT",
        message: expect.stringContaining(who),
      });
    expect(failures).toEqual([
      { identity: "slow", error: timeout("slow") },
      { identity: "never", error: timeout("never") },
    ]);
  });

  test("a resolver that returns null or empty text counts the address, and is not reported", async () => {
    for (const value of [null, ""]) {
      const identities = { user: () => value as string | undefined };
      const resolved = await resolveIdentities(["user"], identities, request, 10_000);
      expect(keyOf("user", resolved.values, ip)).toBe(name("ip", ip));
      expect(resolved.failures).toEqual([]);
    }
  });

  test("a value that is too long names no client, and is not in the error", async () => {
    const long = "x".repeat(1025);
    const identities = { user: () => long };
    const { values, failures } = await resolveIdentities(["user"], identities, request, 10_000);
    expect(values.get("user")).toBeUndefined();
    expect(failures.map(({ error }) => error)).toEqual([
      expect.objectContaining({
        code: "IDENTITY_INVALID",
        message: expect.stringContaining("text of 1025 characters"),
      }),
    ]);
    const others = [long, `${long}y`].map((value) =>
      keyOf("account", new Map([["account", value]]), ip),
    );
    expect(others).toEqual([name("ip", ip), name("ip", ip)]);
  });
});

describe("client keys", () => {
  test("client keys are the first 128 bits of HMAC-SHA-256, in base64url", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (value) => {
        const bytes = (text: string) => new TextEncoder().encode(text);
        const key = await crypto.subtle.importKey(
          "raw",
          bytes("key"),
          { name: "HMAC", hash: "SHA-256" },
          false,
          ["sign"],
        );
        const digest = await crypto.subtle.sign("HMAC", key, bytes(`2:ip${value.length}:${value}`));
        const expected = Buffer.from(digest).subarray(0, 16).toString("base64url");
        expect(createKeyedHash("key")("ip", value)).toBe(expected);
      }),
    );
  });

  test("client keys are equal for equal lists of parts, and differ for any other list", () => {
    // Includes lone halves of surrogate pairs, which UTF-8 encodes in the same way.
    const part = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .array(fc.constantFrom("a", "1:", ":", "\0", "\ud800", "\udc00", "\ufffd"))
        .map((all) => all.join("")),
    );
    const parts = fc.array(part, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, ([kind = "", ...rest], [other = "", ...others]) => {
        const isSame = JSON.stringify([kind, rest]) === JSON.stringify([other, others]);
        expect(name(kind, ...rest) === name(other, ...others)).toBe(isSame);
        expect(createKeyedHash("key")(kind, ...rest)).toBe(createKeyedHash("key")(kind, ...rest));
      }),
      { numRuns: 500 },
    );
    expect(name("user", "\ud800")).not.toBe(name("user", "\udbff"));
    expect(name("user", "a", "b")).not.toBe(name("user", "a1:b"));
    expect(name("user", "a", "b")).not.toBe(name("user", "b", "a"));
  });

  test("client keys stay the same when old ones are dropped from memory", () => {
    const small = createKeyedHash("key", 4);
    const first = small("ip", "0");
    const all = Array.from({ length: 50 }, (_, i) => small("ip", String(i)));
    expect(new Set(all).size).toBe(50);
    expect(small("ip", "0")).toBe(first);
  });

  test("client keys of two secrets differ", () => {
    expect(createKeyedHash("one")("ip", ip)).not.toBe(createKeyedHash("two")("ip", ip));
  });
});

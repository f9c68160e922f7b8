import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clientOf, resolveIdentities } from "#lib/identity/identify";
import { createKeyedHash } from "#lib/identity/keyed-hash";

const name = createKeyedHash("a secret of the tests, long enough");
const ip = "203.0.113.9";

describe("the client that a limit counts", () => {
  const user = { kind: "first", names: ["user"] } as const;
  const userOrIp = { kind: "first", names: ["user", "ip"] } as const;
  const ipAndUser = { kind: "all", names: ["ip", "user"] } as const;
  const ada = new Map([["user", "ada"]]);
  const nobody = new Map<string, string>();

  test("is the named identity, and the address where it has no value", () => {
    expect(clientOf(user, ada, ip, name)).toBe(name("user", "ada"));
    expect(clientOf(user, nobody, ip, name)).toBe(name("ip", ip));
    expect(clientOf(userOrIp, ada, ip, name)).toBe(name("user", "ada"));
    expect(clientOf(userOrIp, nobody, ip, name)).toBe(name("ip", ip));
    expect(clientOf(userOrIp, new Map([["user", ""]]), ip, name)).toBe(name("ip", ip));
  });

  test("a user named like an address is not that address", () => {
    expect(clientOf(user, new Map([["user", ip]]), ip, name)).not.toBe(name("ip", ip));
  });

  test("a combination differs when any part does", () => {
    const clients = [
      clientOf(ipAndUser, ada, ip, name),
      clientOf(ipAndUser, new Map([["user", "bob"]]), ip, name),
      clientOf(ipAndUser, ada, "203.0.113.10", name),
      clientOf(ipAndUser, nobody, ip, name),
    ];
    expect(new Set(clients).size).toBe(clients.length);
  });

  test("global is everybody", () => {
    const everybody = { kind: "global", names: [] } as const;
    expect(clientOf(everybody, ada, ip, name)).toBe(
      clientOf(everybody, nobody, "198.51.100.1", name),
    );
  });
});

describe("resolving", () => {
  const request = new Request("http://app.example/");

  test("a resolver that throws names nobody and is reported", async () => {
    const failures: string[] = [];
    const identities = {
      user: () => Promise.reject(new Error("database down")),
      tenant: (() => 42) as unknown as () => string,
      plan: () => "pro",
      account: "from-code",
    } as const;
    const values = await resolveIdentities(
      ["user", "tenant", "plan", "account", "ip", "toString"],
      identities,
      request,
      { deadlineMs: 10_000, onError: (who) => failures.push(who) },
    );
    expect([...values]).toEqual([["plan", "pro"]]);
    expect(failures.toSorted()).toEqual(["tenant", "user"]);
  });

  test("one that is too slow names nobody, and the others are not kept waiting by it", async () => {
    const failures: unknown[] = [];
    let late: ((name: string) => void) | undefined;
    const identities = {
      slow: () => new Promise<string>((resolve) => (late = resolve)),
      never: () => new Promise<string>(() => {}),
      plan: () => Promise.resolve("pro"),
    };
    const values = await resolveIdentities(["slow", "never", "plan"], identities, request, {
      deadlineMs: 20,
      onError: (who, error) => failures.push([who, error]),
    });
    late?.("ada");
    expect([...values]).toEqual([["plan", "pro"]]);
    const timeout = (who: string) =>
      expect.objectContaining({
        code: "IDENTITY_TIMEOUT",
        message: expect.stringContaining(who),
      });
    expect(failures).toEqual([
      ["slow", timeout("slow")],
      ["never", timeout("never")],
    ]);
  });

  test("a resolver that answers null or empty text counts the address, and is not reported", async () => {
    const errors: unknown[] = [];
    for (const value of [null, ""]) {
      const identities = { user: () => value as string | undefined };
      const values = await resolveIdentities(["user"], identities, request, {
        deadlineMs: 10_000,
        onError: (_, error) => errors.push(error),
      });
      const subject = { kind: "first", names: ["user"] } as const;
      expect(clientOf(subject, values, ip, name)).toBe(name("ip", ip));
    }
    expect(errors).toEqual([]);
  });

  test("a value that is too long is no name, and is not in the error", async () => {
    const errors: unknown[] = [];
    const long = "x".repeat(1025);
    const values = await resolveIdentities(["user"], { user: () => long }, request, {
      deadlineMs: 10_000,
      onError: (_, error) => errors.push(error),
    });
    expect(values.get("user")).toBeUndefined();
    expect(errors).toEqual([
      expect.objectContaining({
        code: "IDENTITY_INVALID",
        message: expect.stringContaining("text of 1025 characters"),
      }),
    ]);
    const account = { kind: "first", names: ["account"] } as const;
    const others = [long, `${long}y`].map((value) =>
      clientOf(account, new Map([["account", value]]), ip, name),
    );
    expect(others).toEqual([name("ip", ip), name("ip", ip)]);
  });
});

describe("client keys", () => {
  test("are the first 128 bits of HMAC-SHA-256, in base64url", async () => {
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

  test("are one for one list of parts, and another for any other", () => {
    // Halves of surrogate pairs included, which UTF-8 cannot tell apart.
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

  test("stay the same when the memory of them turns over", () => {
    const small = createKeyedHash("key", 4);
    const first = small("ip", "0");
    const all = Array.from({ length: 50 }, (_, i) => small("ip", String(i)));
    expect(new Set(all).size).toBe(50);
    expect(small("ip", "0")).toBe(first);
  });

  test("differ by secret", () => {
    expect(createKeyedHash("one")("ip", ip)).not.toBe(createKeyedHash("two")("ip", ip));
  });
});

import { UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { createCallers } from "#app/_domain/auth/caller";
import { jwtReader } from "#lib/identity/jwt";
import { AUTH_SECRET, sign } from "../../support/sign.ts";

const read = jwtReader({ secrets: [AUTH_SECRET], audience: "headgate" });
const callers = createCallers({ read, appOrigin: undefined });

function request(headers: Record<string, string>): Request {
  return new Request("http://internal.example/api", { method: "POST", headers });
}

async function outcome(pending: ReturnType<typeof callers.signedIn>) {
  const caller = await pending;
  if (caller.ok) return caller.value;
  const { status, headers } = caller.rejection;
  return { status, type: headers.get("content-type"), challenge: headers.get("www-authenticate") };
}

const bearer = async (claims: Parameters<typeof sign>[0]) =>
  request({ authorization: `Bearer ${await sign(claims)}` });

describe("a bearer token", () => {
  test("a bearer token names the user and the role", async () => {
    expect(await outcome(callers.signedIn(await bearer({ role: "editor" })))).toStrictEqual({
      user: "artist-1",
      role: "editor",
    });
    expect(await outcome(callers.signedIn(await bearer({})))).toStrictEqual({
      user: "artist-1",
      role: undefined,
    });
  });

  test("a missing token gets 401 with a challenge", async () => {
    expect(await outcome(callers.signedIn(request({})))).toStrictEqual({
      status: 401,
      type: "application/problem+json",
      challenge: 'Bearer realm="headgate"',
    });
  });

  test.each<[string, () => Promise<string> | string]>([
    ["expired", () => sign({ exp: "1 minute ago" })],
    ["forged", () => sign({ secret: "a secret that the app has never used" })],
    ["of another algorithm", () => sign({ alg: "HS512" })],
    ["of another audience", () => sign({ aud: "elsewhere" })],
    ["unsigned", () => new UnsecuredJWT({ sub: "artist-1", aud: "headgate" }).encode()],
    ["not a token", () => "junk"],
    ["too long", async () => `${await sign()}${"x".repeat(5000)}`],
  ])("a token that is %s gets 401 with invalid_token", async (_, token) => {
    const pending = callers.signedIn(request({ authorization: `Bearer ${await token()}` }));
    expect(await outcome(pending)).toStrictEqual({
      status: 401,
      type: "application/problem+json",
      challenge: 'Bearer realm="headgate", error="invalid_token"',
    });
  });
});

describe("a session cookie", () => {
  const from = async (origin: string | undefined, host = "app.example:3000") =>
    request({
      cookie: `session=${await sign()}`,
      host,
      ...(origin !== undefined && { origin }),
    });

  test("a session cookie counts with the app's origin", async () => {
    const own = await from("http://app.example:3000");
    expect(await outcome(callers.signedIn(own))).toMatchObject({ user: "artist-1" });
  });

  test.each([
    undefined,
    "null",
    "",
    "https://evil.example",
    "http://app.example",
    "http://app.example:3001",
    "http://evil.example?app.example:3000",
    "http://app.example:3000.evil.example",
  ])("a session cookie gets 403 with the origin %j", async (origin) => {
    const other = await from(origin);
    expect(await outcome(callers.signedIn(other))).toMatchObject({ status: 403 });
  });

  test.each([
    ["https://app.example:3000", { user: "artist-1" }],
    ["http://app.example:3000", { status: 403 }],
    ["ftp://app.example:3000", { status: 403 }],
  ])("a session cookie on https, with the origin %s, gets %j", async (origin, expected) => {
    const sent = await from(origin);
    sent.headers.set("x-forwarded-proto", "https, http");
    expect(await outcome(callers.signedIn(sent))).toMatchObject(expected);
  });

  test.each([
    ["https://app.example", "app.example:443", { user: "artist-1" }],
    ["http://app.example", "APP.example:80", { user: "artist-1" }],
    ["https://app.example", "app.example:80", { status: 403 }],
    ["http://app.example", "app.example:443", { status: 403 }],
    ["https://app.example", "app.example.", { status: 403 }],
    ["https://app.example", "[", { status: 403 }],
  ])(
    "a session cookie with the origin %s and the host %s gets %j",
    async (origin, host, expected) => {
      expect(await outcome(callers.signedIn(await from(origin, host)))).toMatchObject(expected);
    },
  );

  test("a session cookie needs the origin APP_ORIGIN when that is set, whatever the Host is", async () => {
    const set = createCallers({ read, appOrigin: "https://app.example" });
    expect(
      await outcome(set.signedIn(await from("https://app.example", "10.0.0.7:3000"))),
    ).toMatchObject({ user: "artist-1" });
    expect(await outcome(set.signedIn(await from("http://app.example:3000")))).toMatchObject({
      status: 403,
    });
  });

  test("a session cookie needs no origin beside a valid bearer token", async () => {
    const token = await sign();
    const both = request({ cookie: `session=${token}`, authorization: `Bearer ${token}` });
    expect(await outcome(callers.signedIn(both))).toMatchObject({ user: "artist-1" });
  });
});

describe("an admin", () => {
  test("a caller with the role admin is an admin", async () => {
    expect(await outcome(callers.admin(await bearer({ role: "admin" })))).toMatchObject({
      role: "admin",
    });
  });

  test.each([undefined, "user", "Admin", "administrator"])(
    "a caller with the role %j is not an admin",
    async (role) => {
      const pending = callers.admin(await bearer(role === undefined ? {} : { role }));
      expect(await outcome(pending)).toMatchObject({
        status: 403,
        type: "application/problem+json",
      });
    },
  );

  test("an admin route answers 401 without a token", async () => {
    expect(await outcome(callers.admin(request({})))).toMatchObject({ status: 401 });
  });
});

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

async function outcome(asked: ReturnType<typeof callers.signedIn>) {
  const caller = await asked;
  if (caller.ok) return caller.value;
  const { status, headers } = caller.refusal;
  return { status, type: headers.get("content-type"), challenge: headers.get("www-authenticate") };
}

const bearer = async (claims: Parameters<typeof sign>[0]) =>
  request({ authorization: `Bearer ${await sign(claims)}` });

describe("a bearer token", () => {
  test("names the user and the role", async () => {
    expect(await outcome(callers.signedIn(await bearer({ role: "editor" })))).toStrictEqual({
      user: "artist-1",
      role: "editor",
    });
    expect(await outcome(callers.signedIn(await bearer({})))).toStrictEqual({
      user: "artist-1",
      role: undefined,
    });
  });

  test("that is missing is 401 with a challenge", async () => {
    expect(await outcome(callers.signedIn(request({})))).toStrictEqual({
      status: 401,
      type: "application/problem+json",
      challenge: 'Bearer realm="headgate"',
    });
  });

  test.each<[string, () => Promise<string> | string]>([
    ["expired", () => sign({ exp: "1 minute ago" })],
    ["forged", () => sign({ secret: "a secret that nobody of ours has used" })],
    ["of another algorithm", () => sign({ alg: "HS512" })],
    ["of another audience", () => sign({ aud: "elsewhere" })],
    ["unsigned", () => new UnsecuredJWT({ sub: "artist-1", aud: "headgate" }).encode()],
    ["not a token", () => "junk"],
    ["too long", async () => `${await sign()}${"x".repeat(5000)}`],
  ])("that is %s is 401, and says it is invalid", async (_, token) => {
    const asked = callers.signedIn(request({ authorization: `Bearer ${await token()}` }));
    expect(await outcome(asked)).toStrictEqual({
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

  test("counts with the app's own origin", async () => {
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
  ])("is 403 with the origin %j", async (origin) => {
    const other = await from(origin);
    expect(await outcome(callers.signedIn(other))).toMatchObject({ status: 403 });
  });

  test.each([
    ["https://app.example:3000", { user: "artist-1" }],
    ["http://app.example:3000", { status: 403 }],
    ["ftp://app.example:3000", { status: 403 }],
  ])("on https, with the origin %s, is answered with %j", async (origin, expected) => {
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
  ])("with the origin %s and the host %s is answered with %j", async (origin, host, expected) => {
    expect(await outcome(callers.signedIn(await from(origin, host)))).toMatchObject(expected);
  });

  test("is held to APP_ORIGIN where that is set, whatever Host says", async () => {
    const set = createCallers({ read, appOrigin: "https://app.example" });
    expect(
      await outcome(set.signedIn(await from("https://app.example", "10.0.0.7:3000"))),
    ).toMatchObject({ user: "artist-1" });
    expect(await outcome(set.signedIn(await from("http://app.example:3000")))).toMatchObject({
      status: 403,
    });
  });

  test("needs no origin beside a bearer token that verifies", async () => {
    const token = await sign();
    const both = request({ cookie: `session=${token}`, authorization: `Bearer ${token}` });
    expect(await outcome(callers.signedIn(both))).toMatchObject({ user: "artist-1" });
  });
});

describe("an admin", () => {
  test("is whoever has the role", async () => {
    expect(await outcome(callers.admin(await bearer({ role: "admin" })))).toMatchObject({
      role: "admin",
    });
  });

  test.each([undefined, "user", "Admin", "administrator"])("is not the role %j", async (role) => {
    const asked = callers.admin(await bearer(role === undefined ? {} : { role }));
    expect(await outcome(asked)).toMatchObject({ status: 403, type: "application/problem+json" });
  });

  test("is 401 without a token", async () => {
    expect(await outcome(callers.admin(request({})))).toMatchObject({ status: 401 });
  });
});

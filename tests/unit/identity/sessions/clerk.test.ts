import { exportJWK } from "jose";
import { describe, expect, test } from "vitest";
import { clerkOrganization, clerkUser } from "headgate/identities/clerk";
import { clerkInstance, PARTY } from "../../../support/sessions/clerk.ts";
import { requestWith } from "../../../support/sessions/set-cookies.ts";

const clerk = await clerkInstance();
const other = await clerkInstance();
const { jwtKey, publishableKey, suffix } = clerk;
const keys = { jwtKey, publishableKey };

const user = clerkUser({ ...keys, authorizedParties: [PARTY] });
const organization = clerkOrganization(keys);
const named = (token: string) => user(requestWith(`__session=${token}`));
const bearer = (authorization: string, cookie = "") => user(requestWith(cookie, { authorization }));

describe("clerkUser", () => {
  test("clerkUser returns the user of a token in a cookie, among cookies of several instances, and as bearer", async () => {
    const token = await clerk.sign();
    expect(await clerk.userOf(token)).toBe("user_2ada");
    expect(await named(token)).toBe("user_2ada");
    expect(await user(requestWith(`a=b; __session_${suffix}=${token}`))).toBe("user_2ada");
    expect(await bearer(`Bearer ${token}`)).toBe("user_2ada");
    expect(await bearer(token)).toBe("user_2ada");
    expect(await user(new Request("https://app.example/"))).toBeUndefined();
  });

  test("clerkUser prefers the bearer token to the cookie, even when the bearer token is invalid", async () => {
    const [ada, eve] = [await clerk.sign(), await clerk.sign({ sub: "user_2eve" })];
    expect(await bearer(`Bearer ${eve}`, `__session=${ada}`)).toBe("user_2eve");
    expect(await bearer("Bearer junk", `__session=${ada}`)).toBeUndefined();
    expect(await bearer("Basic c3RhZ2luZzpvcGVu", `__session=${ada}`)).toBe("user_2ada");
    expect(await bearer(`bearer ${eve}`, `__session=${ada}`)).toBe("user_2ada");
  });

  test("clerkUser ignores cookies of another instance, and finds its own among many", async () => {
    const [token, foreign] = [await clerk.sign(), await other.sign({ sub: "user_2eve" })];
    const named = (cookie: string) => user(requestWith(cookie));
    expect(await named(`__session=${foreign}; __session_${suffix}=${token}`)).toBe("user_2ada");
    expect(await named(`__session=${foreign}`)).toBeUndefined();
    expect(await named(`__session_12345678=${token}; __sessions=${token}`)).toBeUndefined();
    const junk = Array.from({ length: 50 }, (_, i) => `__session_123456${i + 10}=junk; `).join("");
    expect(await named(`${junk}__session=${token}`)).toBe("user_2ada");
  });

  test("clerkUser reads its key as PEM, on one line of a variable, without its frame, and as JWK", async () => {
    const token = await clerk.sign();
    const jwk = { ...(await exportJWK(clerk.publicKey)), kid: "ins_2tests", alg: "RS256" };
    const forms = [
      jwtKey,
      jwtKey.replaceAll("\n", "\\n"),
      jwtKey.replace(/-----[^-]+-----/g, ""),
      jwk as JsonWebKey,
    ];
    for (const form of forms) {
      expect(await clerkUser({ ...keys, jwtKey: form })(requestWith(`__session=${token}`))).toBe(
        "user_2ada",
      );
      const later = clerkUser({ ...keys, jwtKey: () => form });
      expect(await later(requestWith(`__session=${token}`))).toBe("user_2ada");
    }
  });

  test("clerkUser without authorized parties returns the user of a token from any page", async () => {
    const any = clerkUser(keys);
    const token = await clerk.sign({ azp: "https://evil.example" });
    expect(await any(requestWith(`__session=${token}`))).toBe("user_2ada");
    expect(await named(token)).toBeUndefined();
  });
});

describe("clerkOrganization", () => {
  const of = async (claims: object) =>
    organization(requestWith(`__session=${await clerk.sign(claims)}`));

  test("clerkOrganization returns the active organization in both versions of the claims", async () => {
    expect(await of({})).toBe("org_2shop");
    const first = { v: undefined, o: undefined, org_id: "org_1shop", org_role: "org:admin" };
    expect(await of(first)).toBe("org_1shop");
  });

  test.each([
    { o: undefined },
    { o: undefined, org_id: "org_1shop" },
    { o: "org_2shop" },
    { o: [{ id: "org_2shop" }] },
    { o: { id: 7 } },
    { o: null },
    { v: 1, o: { id: "org_2shop" } },
    { exp: 1000 },
  ])("clerkOrganization returns no organization for %j", async (claims) => {
    expect(await of(claims)).toBeUndefined();
  });

  test("clerkOrganization returns no organization without a token", async () => {
    expect(await organization(requestWith(""))).toBeUndefined();
  });
});

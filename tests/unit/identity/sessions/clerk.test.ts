import { exportJWK, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { clerkOrganization, clerkUser } from "headgate/identities/clerk";
import { CLERK_CLAIMS, clerkInstance, PARTY } from "../../../support/sessions/clerk.ts";
import { requestWith } from "../../../support/sessions/set-cookies.ts";
import {
  disagreements,
  inOneSpelling,
  tamperedTokens,
} from "../../../support/sessions/tampered.ts";

const clerk = await clerkInstance();
const other = await clerkInstance();
const { jwtKey, publishableKey, suffix } = clerk;
const keys = { jwtKey, publishableKey };

const user = clerkUser({ ...keys, authorizedParties: [PARTY] });
const organization = clerkOrganization(keys);
const named = (token: string) => user(requestWith(`__session=${token}`));
const bearer = (authorization: string, cookie = "") => user(requestWith(cookie, { authorization }));

const now = () => Math.floor(Date.now() / 1000);

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

describe("clerkUser and Clerk agree", () => {
  const verdicts = async (token: string) => [await named(token), await clerk.userOf(token)];

  test("clerkUser and Clerk reject tokens that no server issued", async () => {
    for (const [title, tampered] of tamperedTokens(await clerk.sign())) {
      expect([title, ...(await verdicts(tampered))]).toEqual([title, undefined, undefined]);
    }
  });

  const ADA = "user_2ada";
  test.each<[string, () => Promise<string> | string, string | undefined]>([
    ["the key of another instance", () => other.sign(), undefined],
    ["a secret that is the public key", () => byPublicKey(), undefined],
    [
      "no signature",
      () => new UnsecuredJWT({ ...CLERK_CLAIMS }).setExpirationTime("1m").encode(),
      undefined,
    ],
    ["an expiry four seconds ago", () => clerk.sign({ exp: now() - 4 }), ADA],
    ["an expiry seven seconds ago", () => clerk.sign({ exp: now() - 7 }), undefined],
    ["no expiry", () => clerk.sign({ exp: undefined }), undefined],
    ["an expiry that is text", () => clerk.sign({ exp: String(now() + 60) }), undefined],
    ["a start in four seconds", () => clerk.sign({ nbf: now() + 4 }), ADA],
    ["a start in a minute", () => clerk.sign({ nbf: now() + 60 }), undefined],
    ["a start that is text", () => clerk.sign({ nbf: "0" }), undefined],
    ["no start", () => clerk.sign({ nbf: undefined }), ADA],
    ["a time of issue in a minute", () => clerk.sign({ iat: now() + 60 }), undefined],
    ["a time of issue that is text", () => clerk.sign({ iat: "0" }), undefined],
    ["no time of issue", () => clerk.sign({ iat: undefined }), ADA],
    ["another party", () => clerk.sign({ azp: "https://evil.example" }), undefined],
    ["a party that is a list", () => clerk.sign({ azp: [PARTY] }), undefined],
    ["no party", () => clerk.sign({ azp: undefined }), undefined],
    ["no user", () => clerk.sign({ sub: undefined }), undefined],
    ["a user that is a number", () => clerk.sign({ sub: 7 }), undefined],
    ["another type", () => clerk.sign({}, { typ: "at+jwt" }), undefined],
    ["no type", () => clerk.sign({}, { typ: undefined }), ADA],
    ["a type that is a list", () => clerk.sign({}, { typ: ["JWT"] }), undefined],
    ["the category of sessions", () => clerk.sign({}, { cat: "cl_B7d4PD111AAA" }), ADA],
    ["the category of machines", () => clerk.sign({}, { cat: "cl_B7d4PD333AAA" }), undefined],
  ])("clerkUser and Clerk agree on a token with %s", async (_, make, expected) => {
    expect(await verdicts(await make())).toEqual([expected, expected]);
  });

  test.each(["none", "HS256", "RS384", "rs256", "", 7, undefined])(
    "clerkUser and Clerk agree on a token of the right key with the algorithm %j in its header",
    async (alg) => {
      const [, body = ""] = (await clerk.sign()).split(".");
      const head = Buffer.from(JSON.stringify({ alg, typ: "JWT" })).toString("base64url");
      expect(await verdicts(clerk.seal(`${head}.${body}`))).toEqual([undefined, undefined]);
    },
  );

  test.each(["=", "==", "===", "=".repeat(50)])(
    "clerkUser and Clerk agree on a token that is followed by %s",
    async (padding) => {
      const token = `${await clerk.sign()}${padding}`;
      expect(await verdicts(token)).toEqual([ADA, ADA]);
      expect(await bearer(`Bearer ${token}`)).toBe(ADA);
    },
  );

  test("clerkUser and Clerk accept a token that is built by hand", async () => {
    const [head, body] = (await clerk.sign()).split(".");
    expect(await verdicts(clerk.seal(`${head}.${body}`))).toEqual([ADA, ADA]);
  });

  function byPublicKey(): Promise<string> {
    return new SignJWT({ ...CLERK_CLAIMS })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setExpirationTime("1m")
      .sign(new TextEncoder().encode(jwtKey));
  }

  test("clerkUser and Clerk choose the same token of a request", async () => {
    const ada = await clerk.sign({ iat: now() - 20 });
    const eve = await clerk.sign({ sub: "user_2eve", iat: now() - 10 });
    const [own, uat, ownUat] = [`__session_${suffix}`, "__client_uat", `__client_uat_${suffix}`];
    const seen = now() - 30;
    const agree = async (cookie: string, headers: Record<string, string> = {}) => {
      const request = () => requestWith(cookie, headers);
      const [ours, theirs] = [await user(request()), await clerk.userOfRequest(request())];
      // When Clerk stops before it returns a user, a valid token may still name its user here.
      expect([cookie, headers, theirs ?? ours]).toEqual([cookie, headers, ours]);
      return theirs;
    };
    const named: (string | undefined)[] = [];
    for (const [plain, suffixed] of [
      [ada, eve],
      [eve, ada],
      [ada, ada],
      [ada, "junk"],
      ["junk", eve],
    ]) {
      for (const [first, second] of [
        [seen, seen],
        [0, seen],
        [seen, 0],
        [seen, ""],
        ["", seen],
      ]) {
        const tokens = `__session=${plain}; ${own}=${suffixed}`;
        const times = `${uat}=${first}; ${second === "" ? "" : `${ownUat}=${second}`}`;
        named.push(await agree(`${tokens}; ${times}`));
      }
    }
    expect(new Set(named)).toEqual(new Set(["user_2ada", "user_2eve", undefined]));
    const alone = `${uat}=${seen}; __session=${ada}`;
    expect(await agree(alone)).toBe("user_2ada");
    expect(await agree(`${alone}; __session=${eve}`)).toBe("user_2ada");
    expect(await agree(`${alone}"`)).toBeUndefined();
    expect(await agree(`${alone} ; x`)).toBe("user_2ada");
    expect(await agree(alone, { authorization: `Bearer ${eve}` })).toBe("user_2eve");
    expect(await agree(alone, { authorization: eve })).toBe("user_2eve");
    expect(await agree(alone, { authorization: `bearer ${eve}` })).toBe("user_2ada");
    expect(await agree(alone, { authorization: "Basic YTpi" })).toBe("user_2ada");
    expect(await agree(alone, { authorization: `Bearer  ${eve}` })).toBeUndefined();
    expect(await agree(alone, { authorization: `Bearer ${eve} x` })).toBe("user_2eve");
    expect(await agree(alone, { authorization: "Bearer junk" })).toBeUndefined();
  });

  test("clerkUser and Clerk return the same user, however the token was changed", async () => {
    const good = await clerk.sign();
    const ours = (token: string) => bearer(`Bearer ${token}`);
    // A header's value has no blanks at its end, and the token ends at the first blank.
    const sent = (text: string) => text.replace(/[ \t]+$/, "").split(" ")[0] ?? "";
    const theirs = (token: string) => clerk.userOf(sent(token));
    const theirsRespelled = (token: string) => clerk.userOf(inOneSpelling(sent(token)));
    const both = { ours, theirs, theirsRespelled };
    expect(await disagreements(good, both)).toEqual({ alone: [], missed: [] });
  });

  test("clerkUser returns each user that Clerk returns, however the cookies were changed", async () => {
    const good = `__client_uat=${now() - 30}; __session=${await clerk.sign()}`;
    const theirs = (cookie: string) => clerk.userOfRequest(requestWith(cookie));
    const ours = (cookie: string) => user(requestWith(cookie));
    expect(await disagreements(good, { ours, theirs })).toMatchObject({ missed: [] });
  });
});

describe("clerkUser is stricter than Clerk's verifyToken", () => {
  test.each<[string, object, object]>([
    ["a machine for a user", { sub: "mch_2one" }, {}],
    ["a user without a name", { sub: "" }, {}],
    ["a user with a very long name", { sub: `user_${"a".repeat(300)}` }, {}],
    ["an extension", {}, { crit: ["ext"], ext: 1 }],
    ["a header of more than 1,024 characters", {}, { about: "x".repeat(1024) }],
    ["a token of more than 131,072 characters", { about: "x".repeat(131_072) }, {}],
    ["a category that is unknown", {}, { cat: "cl_another" }],
    ["a category that is null", {}, { cat: null }],
  ])("clerkUser rejects %s", async (_, claims, header) => {
    expect(await named(await clerk.sign(claims, header))).toBeUndefined();
  });
});

describe("Clerk's resolvers throw IDENTITY_OPTIONS_INVALID", () => {
  const error = (option: string, resolver: string) => ({
    code: "IDENTITY_OPTIONS_INVALID",
    message: expect.stringContaining(`option ${option} of ${resolver}`),
  });

  test.each([undefined, "", "no key", "%", 7, null, []])(
    "clerkUser and clerkOrganization reject the key %j at once",
    (key) => {
      const wrong = key as string;
      expect(() => clerkUser({ ...keys, jwtKey: wrong })).toThrow(
        expect.objectContaining(error("jwtKey", "clerkUser")),
      );
      expect(() => clerkOrganization({ ...keys, jwtKey: wrong })).toThrow(
        expect.objectContaining(error("jwtKey", "clerkOrganization")),
      );
    },
  );

  test.each<[string, () => string | JsonWebKey]>([
    ["a variable that is not set", () => undefined as unknown as string],
    ["base64 that is no key", () => "c2VjcmV0"],
    ["a secret", () => ({ kty: "oct", k: "c2VjcmV0", alg: "HS256" })],
    ["a key of another algorithm", () => ({ kty: "EC", crv: "P-256", x: "x", y: "y" })],
    ["an RSA key for another hash", () => ({ kty: "RSA", alg: "RS512", n: "AQAB", e: "AQAB" })],
    ["half a key", () => ({ kty: "RSA", e: "AQAB" })],
  ])("clerkUser rejects, at the first request, %s as its key", async (_, key) => {
    const later = clerkUser({ ...keys, jwtKey: key });
    const asked = later(requestWith(`__session=${await clerk.sign()}`));
    await expect(asked).rejects.toMatchObject(error("jwtKey", "clerkUser"));
    // A request without a token needs no key.
    expect(await later(requestWith(""))).toBeUndefined();
  });

  test.each([undefined, "", "sk_live_of_the_tests", 7])(
    "clerkUser rejects the publishable key %j",
    (key) => {
      expect(() => clerkUser({ jwtKey, publishableKey: key as string })).toThrow(
        expect.objectContaining(error("publishableKey", "clerkUser")),
      );
    },
  );

  test.each(["https://app.example", [7], [""], null])(
    "clerkUser rejects the authorized parties %j",
    (parties) => {
      const authorizedParties = parties as string[];
      expect(() => clerkUser({ ...keys, authorizedParties })).toThrow(
        expect.objectContaining(error("authorizedParties", "clerkUser")),
      );
    },
  );
});

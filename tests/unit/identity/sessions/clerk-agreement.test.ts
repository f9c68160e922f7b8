import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { clerkUser } from "headgate/identities/clerk";
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
const named = (token: string) => user(requestWith(`__session=${token}`));
const bearer = (authorization: string, cookie = "") => user(requestWith(cookie, { authorization }));

const now = () => Math.floor(Date.now() / 1000);

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

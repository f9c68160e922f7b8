import { describe, expect, test } from "vitest";
import { supabaseUser } from "headgate/identities/supabase";
import { headerOf, pairsOf, requestWith } from "../../../support/sessions/set-cookies.ts";
import {
  ADA,
  PROJECT,
  SUPABASE_SECRET,
  supabaseProject,
} from "../../../support/sessions/supabase.ts";
import {
  cookieWith,
  EVE,
  NAME,
  sessionWith,
  withoutWarnings,
} from "../../../support/sessions/supabase-cookies.ts";

const project = await supabaseProject();
const { jwks } = project;

const resolve = supabaseUser({ url: PROJECT, jwks });
const named = (cookie: string) => resolve(requestWith(cookie));
const bearer = (token: string, cookie = "") =>
  resolve(requestWith(cookie, { authorization: `Bearer ${token}` }));

withoutWarnings();

describe("supabaseUser", () => {
  test.each(["base64url", "raw"] as const)(
    "supabaseUser returns the user by the cookies of createServerClient in %s, whole and in chunks",
    async (encoding) => {
      const token = await project.sign();
      const whole = await project.cookiesOf(token, encoding);
      expect(pairsOf(whole).map(([name]) => name)).toEqual([NAME]);
      const chunked = await project.cookiesOf(token, encoding, 'é"% '.repeat(1500));
      expect(pairsOf(chunked).map(([name]) => name)).toContain(`${NAME}.2`);
      for (const cookies of [whole, chunked, headerOf(pairsOf(chunked).toReversed())]) {
        expect(await named(cookies)).toBe(ADA);
        expect(await project.userOf(cookies)).toBe(ADA);
      }
      const gap = headerOf(pairsOf(chunked).filter(([name]) => name !== `${NAME}.1`));
      expect([await named(gap), await project.userOf(gap)]).toEqual([undefined, undefined]);
    },
  );

  test("supabaseUser returns the user of a bearer token when the cookies name no user", async () => {
    const [ada, eve] = [await project.sign(), await project.sign({ sub: EVE })];
    expect(await bearer(ada)).toBe(ADA);
    expect(await bearer(eve, cookieWith(sessionWith(ada)))).toBe(ADA);
    expect(await bearer(ada, cookieWith(sessionWith("junk")))).toBe(ADA);
    expect(await resolve(new Request("https://app.example/"))).toBeUndefined();
  });

  test("supabaseUser reads the token only from the place that the option from names", async () => {
    const [ada, eve] = [await project.sign(), await project.sign({ sub: EVE })];
    const both = requestWith(cookieWith(sessionWith(ada)), { authorization: `Bearer ${eve}` });
    expect(await supabaseUser({ url: PROJECT, jwks, from: "bearer" })(both)).toBe(EVE);
    expect(await supabaseUser({ url: PROJECT, jwks, from: "cookie" })(both)).toBe(ADA);
    const alone = requestWith("", { authorization: `Bearer ${eve}` });
    expect(await supabaseUser({ url: PROJECT, jwks, from: "cookie" })(alone)).toBeUndefined();
  });

  test("supabaseUser verifies each algorithm of a project by its own key", async () => {
    const both = supabaseUser({ url: PROJECT, jwks, secret: () => SUPABASE_SECRET });
    const secret = supabaseUser({ url: PROJECT, secret: SUPABASE_SECRET });
    const verdicts = async (token: string) => {
      const request = requestWith("", { authorization: `Bearer ${token}` });
      return [await resolve(request), await secret(request), await both(request)];
    };
    expect(await verdicts(await project.sign({}, {}, "ES256"))).toEqual([ADA, undefined, ADA]);
    expect(await verdicts(await project.sign({}, {}, "RS256"))).toEqual([ADA, undefined, ADA]);
    expect(await verdicts(await project.sign({}, {}, "HS256"))).toEqual([undefined, ADA, ADA]);
    expect(await verdicts(await project.sign({}, { kid: "es" }, "HS256"))).toEqual([
      undefined,
      ADA,
      ADA,
    ]);
  });

  test("supabaseUser separates anonymous sign-ins from users, or ignores them", async () => {
    const token = await project.sign({ is_anonymous: true });
    const request = requestWith(cookieWith(sessionWith(token)));
    expect(await resolve(request)).toBeUndefined();
    const apart = supabaseUser({ url: PROJECT, jwks, anonymous: true });
    expect(await apart(request)).toBe(`anonymous:${ADA}`);
    expect(await apart(requestWith(cookieWith(sessionWith(await project.sign()))))).toBe(ADA);
  });

  test("supabaseUser derives the cookie and the issuer from the URL, unless options set them", async () => {
    const token = await project.sign({ iss: "http://127.0.0.1:54321/auth/v1" });
    const session = encodeURIComponent(JSON.stringify(sessionWith(token)));
    const local = supabaseUser({
      url: () => "http://127.0.0.1:54321/",
      jwks: () => JSON.stringify(jwks),
    });
    expect(await local(requestWith(`sb-127-auth-token=${session}`))).toBe(ADA);
    expect(await named(`${NAME}=${session}`)).toBeUndefined();
    const issuer = "http://127.0.0.1:54321/auth/v1";
    const own = supabaseUser({ url: PROJECT, jwks, cookie: "sid", issuer });
    expect(await own(requestWith(`sid=${session}`))).toBe(ADA);
    expect(await own(requestWith(`${NAME}=${session}`))).toBeUndefined();
  });
});

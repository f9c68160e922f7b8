import { createServerClient } from "@supabase/ssr";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { NextRequest } from "next/server";
import { headerOf } from "./set-cookies.ts";

export const PROJECT = "https://shopref.supabase.co";
export const SUPABASE_SECRET = "the legacy JWT secret of the project in the tests";

type Signing = "ES256" | "RS256" | "HS256";

/** The claims of an access token besides its times. */
const CLAIMS = {
  iss: `${PROJECT}/auth/v1`,
  sub: "6f9b1c1e-0000-4000-8000-00000000ada0",
  aud: "authenticated",
  role: "authenticated",
  email: "ada@app.example",
  aal: "aal1",
  session_id: "0d0c0b0a-0000-4000-8000-000000000001",
  is_anonymous: false,
};

export const ADA = CLAIMS.sub;

/** A project of Supabase: signing keys of the tests, and Supabase's own clients. */
export async function supabaseProject() {
  const es = await generateKeyPair("ES256", { extractable: true });
  const rs = await generateKeyPair("RS256", { extractable: true });
  const keys = [
    {
      ...(await exportJWK(es.publicKey)),
      kid: "es",
      alg: "ES256",
      use: "sig",
      key_ops: ["verify"],
    },
    { ...(await exportJWK(rs.publicKey)), kid: "rs", alg: "RS256", use: "sig", ext: true },
  ];
  const signers = {
    ES256: es.privateKey,
    RS256: rs.privateKey,
    HS256: new TextEncoder().encode(SUPABASE_SECRET),
  };
  const kids = { ES256: "es", RS256: "rs", HS256: "hs" };
  return {
    jwks: { keys },
    /** Returns an access token with changes. A claim or a parameter that is undefined is omitted. */
    sign(changes: object = {}, header: object = {}, alg: Signing = "ES256"): Promise<string> {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iat: now, exp: now + 3600, ...CLAIMS, ...changes };
      return new SignJWT(JSON.parse(JSON.stringify(claims)) as Record<string, unknown>)
        .setProtectedHeader({ alg, typ: "JWT", kid: kids[alg], ...header })
        .sign(signers[alg], { crit: { ext: true } });
    },
    /** Returns the cookies that `createServerClient` writes for a session. */
    async cookiesOf(token: string, cookieEncoding?: "raw" | "base64url", about = "") {
      const jar = new Map<string, string>();
      const client = clientFor(() => [...jar], {
        set: (name, value) => jar.set(name, encodeURIComponent(value)),
        ...(cookieEncoding ? { cookieEncoding } : {}),
        user: { id: ADA, email: "ada@app.example", user_metadata: { about } },
      });
      const { error } = await client.auth.setSession({ access_token: token, refresh_token: "r" });
      if (error) throw error;
      return headerOf(jar);
    },
    /** Returns the user of a request with these cookies or this token according to Supabase. */
    async userOf(cookie: string, token?: string): Promise<string | undefined> {
      const sent = new NextRequest("https://app.example/", { headers: { cookie } }).cookies;
      const client = clientFor(() => sent.getAll().map(({ name, value }) => [name, value]));
      const found = await client.auth
        .getClaims(token, { jwks: { keys: keys as never } })
        .catch(() => undefined);
      return found?.data?.claims.sub;
    },
  };
}

interface Writing {
  readonly set?: (name: string, value: string) => void;
  readonly cookieEncoding?: "raw" | "base64url";
  /** Returns the user of a token according to the project's server, or undefined. */
  readonly user?: object;
}

/** Makes a client whose project runs in this process, so that tests need no network. */
function clientFor(
  getAll: () => (readonly [string, string])[],
  { set, user, ...more }: Writing = {},
) {
  const fetch = () =>
    Promise.resolve(Response.json(user ?? { msg: "no" }, { status: user ? 200 : 400 }));
  return createServerClient(PROJECT, "sb_publishable_of_the_tests", {
    ...more,
    global: { fetch },
    cookies: {
      getAll: () => getAll().map(([name, value]) => ({ name, value })),
      setAll: (all) => all.forEach(({ name, value }) => set?.(name, value)),
    },
  });
}

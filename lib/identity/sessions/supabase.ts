import { cookiesNamed, joined, NEXT_COOKIES } from "./cookies.ts";
import { type Given, invalidOption, onceMade, readGiven, secretsOf } from "./given.ts";
import { type Claims, fromBase64Url, isObject, nameOf, objectOf } from "./parts.ts";
import { publicKey, secretKey, verifyToken } from "./tokens.ts";

interface SupabaseOptions {
  /**
   * The project's URL, which names its cookie and the issuer of its tokens.
   * @example
   * supabaseUser({ url: () => process.env["NEXT_PUBLIC_SUPABASE_URL"], secret });
   */
  readonly url: Given<string>;
  /**
   * The project's public keys, as `<url>/auth/v1/.well-known/jwks.json` has them: the object, or its JSON text;
   * or a function that returns it, called at the first request.
   * @default no public keys: `secret` must be given
   * @example
   * supabaseUser({ url, jwks: () => process.env["SUPABASE_JWKS"] });
   */
  readonly jwks?: Given<
    | string
    | {
        /**
         * The keys, each as a JWK with its `kid`.
         * @example
         * supabaseUser({ url, jwks: { keys: [publicJwk] } });
         */
        readonly keys: readonly object[];
      }
  >;
  /**
   * The legacy JWT secret of the project, for tokens that it signs with HS256; or a function that returns it.
   * @default no secret: `jwks` must be given
   * @example
   * supabaseUser({ url, secret: () => process.env["SUPABASE_JWT_SECRET"] });
   */
  readonly secret?: Given<string>;
  /**
   * The name of the session's cookie, when the app's client sets another `storageKey`.
   * @default "sb-<project>-auth-token", by the first label of the URL's host
   * @example
   * supabaseUser({ url, secret, cookie: "shop-auth-token" });
   */
  readonly cookie?: string;
  /**
   * The `iss` of the project's tokens.
   * @default "<url>/auth/v1"
   * @example
   * supabaseUser({ url, secret, issuer: "https://auth.shop.example/auth/v1" });
   */
  readonly issuer?: string;
  /**
   * The place from which the app's own code reads the token, which must be the same.
   * @default both, with the cookie first
   * @example
   * supabaseUser({ url, secret, from: "cookie" });
   */
  readonly from?: "cookie" | "bearer";
  /**
   * Whether anonymous sign-ins are resolved, to `anonymous:<sub>`. A client can make any number of them, so by
   * default they are counted as not signed in.
   * @default false
   * @example
   * supabaseUser({ url, secret, anonymous: true });
   */
  readonly anonymous?: boolean;
}

/** The cookie and the issuer of a project's sessions, which its URL determines. */
interface Project {
  readonly cookie: string;
  readonly issuer: string;
}

/** The project's keys: public ones by their `kid`, and the secret. */
interface Keys {
  readonly byKid: ReadonlyMap<unknown, CryptoKey>;
  readonly legacy: CryptoKey | undefined;
}

const SIGNED = { algorithms: ["ES256", "RS256", "HS256"] };

const BASE64 = "base64-";

/**
 * Resolves the user of a Supabase session: the `sub` of its access token, in the cookies of `@supabase/ssr` or
 * as bearer, verified without a call to Supabase. A session that was ended counts until its token expires.
 *
 * Throws {@link HeadgateError} IDENTITY_OPTIONS_INVALID for an invalid option: at once, or at the first request
 * when the option is a function or an unreadable key.
 *
 * @example
 * export const identities = defineIdentities({
 *   user: supabaseUser({
 *     url: () => process.env["NEXT_PUBLIC_SUPABASE_URL"],
 *     jwks: () => process.env["SUPABASE_JWKS"],
 *   }),
 * });
 */
export function supabaseUser(
  options: SupabaseOptions,
): (request: Request) => Promise<string | undefined> {
  const { from, anonymous = false } = options;
  const project = readGiven(options.url, (value) => projectOf(value, options));
  const keys = keysReader(options);
  return async ({ headers }) => {
    const { cookie, issuer } = project();
    const tokens = [
      from === "bearer" ? undefined : tokenInCookies(headers, cookie),
      from === "cookie" ? undefined : bearerOf(headers),
    ];
    for (const token of tokens) {
      const claims = token && (await claimsOf(token, await keys(), issuer));
      if (!claims) continue;
      const name = nameOf(claims["sub"]);
      if (claims["is_anonymous"] !== true) return name;
      return anonymous && name ? `anonymous:${name}` : undefined;
    }
    return undefined;
  };
}

async function claimsOf(token: string, { byKid, legacy }: Keys, issuer: string) {
  const keyFor = ({ alg, kid }: Claims) => (alg === "HS256" ? legacy : byKid.get(kid));
  const claims = (await verifyToken(token, keyFor, SIGNED))?.claims;
  if (claims?.["iss"] !== issuer) return undefined;
  const isForUsers = [claims["aud"]].flat().includes("authenticated");
  return isForUsers && nameOf(claims["sub"]) !== undefined ? claims : undefined;
}

function bearerOf(headers: Headers): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/**
 * Returns the access token of the session that `@supabase/ssr` writes: JSON, or JSON in base64url, in one
 * cookie or in chunks that are numbered from 0. Only the token is signed, so the rest is ignored.
 */
function tokenInCookies(headers: Headers, name: string): string | undefined {
  const cookies = cookiesNamed(headers, NEXT_COOKIES, (each) => each.startsWith(name));
  const chunks: string[] = [];
  for (let i = 0; cookies.get(`${name}.${i}`); i += 1)
    chunks.push(cookies.get(`${name}.${i}`) ?? "");
  const session = joined([cookies.get(name) || chunks].flat());
  if (session === undefined) return undefined;
  const json = session.startsWith(BASE64) ? base64Of(session) : session;
  const token = objectOf(json)?.["access_token"];
  return typeof token === "string" ? token : undefined;
}

/** Reads base64url without blanks and padding, which Supabase ignores at every place. */
function base64Of(session: string) {
  return fromBase64Url(session.slice(BASE64.length).replaceAll(/[=\s]/g, ""));
}

/** @throws {HeadgateError} IDENTITY_OPTIONS_INVALID for a value that is no http or https URL */
function projectOf(url: unknown, { cookie, issuer }: SupabaseOptions): Project {
  const found = typeof url === "string" && /^https?:\/\/[^/?#]/.test(url) && URL.canParse(url);
  if (!found)
    throw invalidOption(
      "supabaseUser",
      "url",
      "the https:// URL of the project, or a function that returns it",
    );
  const { hostname } = new URL(url);
  return {
    cookie: cookie ?? `sb-${hostname.split(".")[0]}-auth-token`,
    issuer: issuer ?? `${url.replace(/\/+$/, "")}/auth/v1`,
  };
}

function keysReader({ jwks, secret }: SupabaseOptions): () => Promise<Keys> {
  if (jwks === undefined && secret === undefined) {
    throw invalidOption("supabaseUser", "jwks", "the project's public keys, or else give secret");
  }
  const listed = jwks === undefined ? () => [] : readGiven(jwks, jwksOf);
  const secrets =
    secret === undefined
      ? () => []
      : readGiven(secret, (value) => secretsOf("supabaseUser", "secret", value));
  return onceMade(async () => {
    const [legacy] = await Promise.all(secrets().slice(0, 1).map(secretKey));
    const keys = await Promise.all(listed().map(namedKey));
    return { byKid: new Map(keys.flat()), legacy };
  });
}

const JWKS_FORM =
  "{ keys: […] } with an ES256 or RS256 key that has a kid, that as JSON, or a function that returns it";

/** Returns the public keys of a set by which tokens may be signed. */
function jwksOf(value: unknown): readonly Claims[] {
  const { keys } = (typeof value === "string" ? objectOf(value) : isObject(value) && value) || {};
  const usable = (Array.isArray(keys) ? (keys as unknown[]) : []).filter(
    (key): key is Claims => isObject(key) && typeof key["kid"] === "string" && key["kty"] !== "oct",
  );
  if (usable.length === 0) throw invalidOption("supabaseUser", "jwks", JWKS_FORM);
  return usable;
}

async function namedKey(jwk: Claims): Promise<(readonly [unknown, CryptoKey])[]> {
  const key = await publicKey(jwk).catch(() => {
    throw invalidOption("supabaseUser", "jwks", JWKS_FORM);
  });
  return key ? [[jwk["kid"], key]] : [];
}

import { base64url, importSPKI } from "jose";
import { fromBase64 } from "#lib/core/base64";
import { cookiesNamed, PACKAGE_COOKIE } from "./cookies.ts";
import { type Given, invalidOption, onceMade, readGiven } from "./given.ts";
import { type Claims, isObject, nameOf } from "./parts.ts";
import { publicKey, verifyToken } from "./tokens.ts";

interface ClerkOptions {
  /**
   * The instance's public key, as the PEM of CLERK_JWT_KEY or as a JWK; or a function that returns it, called
   * at the first request.
   * @example
   * clerkUser({ jwtKey: () => process.env["CLERK_JWT_KEY"], publishableKey: token });
   */
  readonly jwtKey: Given<string | JsonWebKey>;
  /**
   * The instance's publishable key (NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY), which names its cookies; or a function
   * that returns it.
   * @example
   * clerkUser({ jwtKey: key, publishableKey: () => process.env["NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY"] });
   */
  readonly publishableKey: Given<string>;
  /**
   * The origins whose pages may have obtained the token (its `azp`). Give your own, so that no token of another
   * site on your domain is accepted.
   * @default any origin
   * @example
   * clerkUser({ jwtKey: key, publishableKey: token, authorizedParties: ["https://shop.example"] });
   */
  readonly authorizedParties?: readonly string[];
}

/** The difference of clocks that Clerk tolerates, in seconds. */
const TOLERANCE = 5;

const SIGNED = { algorithms: ["RS256"], clockTolerance: TOLERANCE };

/** The categories (`cat`) of session tokens. Clerk accepts both, and tokens without a category. */
const SESSION_TOKENS = new Set<unknown>([undefined, "cl_B7d4PD111AAA", "cl_I7d4PD111III"]);

/**
 * Resolves the user of a Clerk session: the `sub` of its token, as bearer or in the cookie `__session`,
 * verified without a call to Clerk.
 *
 * Throws {@link HeadgateError} IDENTITY_OPTIONS_INVALID for an invalid option: at once, or at the first request
 * when the key is a function or cannot be read.
 *
 * @example
 * export const identities = defineIdentities({
 *   user: clerkUser({
 *     jwtKey: () => process.env["CLERK_JWT_KEY"],
 *     publishableKey: () => process.env["NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY"],
 *     authorizedParties: ["https://shop.example"],
 *   }),
 * });
 */
export function clerkUser(
  options: ClerkOptions,
): (request: Request) => Promise<string | undefined> {
  const claimsOf = claimsReader("clerkUser", options);
  return async (request) => nameOf((await claimsOf(request.headers))?.["sub"]);
}

/**
 * Resolves the active organization of a Clerk session: `o.id` of its token, or `org_id` of a token of version 1.
 * The token is verified as by {@link clerkUser}.
 *
 * Throws {@link HeadgateError} IDENTITY_OPTIONS_INVALID as {@link clerkUser} does.
 *
 * @example
 * const clerk = {
 *   jwtKey: () => process.env["CLERK_JWT_KEY"],
 *   publishableKey: () => process.env["NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY"],
 * };
 * export const identities = defineIdentities({
 *   user: clerkUser(clerk),
 *   organization: clerkOrganization(clerk),
 * });
 */
export function clerkOrganization(
  options: ClerkOptions,
): (request: Request) => Promise<string | undefined> {
  const claimsOf = claimsReader("clerkOrganization", options);
  return async (request) => {
    const claims = (await claimsOf(request.headers)) ?? {};
    const { v, o } = claims;
    if (v === 2) return isObject(o) ? nameOf(o["id"]) : undefined;
    return nameOf(claims["org_id"]);
  };
}

/** Makes the function that returns the claims of a request's session. */
function claimsReader(resolver: string, options: ClerkOptions) {
  const { authorizedParties = [] } = options;
  if (!isTexts(authorizedParties)) {
    throw invalidOption(
      resolver,
      "authorizedParties",
      "a list of origins, such as https://a.example",
    );
  }
  const material = readGiven(options.jwtKey, (value) => keyMaterial(resolver, value));
  const key = onceMade(() => imported(resolver, material()));
  const publishable = readGiven(options.publishableKey, (value) => publishableOf(resolver, value));
  const names = onceMade(() => namesOf(publishable()));
  const isGood = (claims: Claims) =>
    isPerson(claims["sub"]) &&
    Number(claims["iat"] ?? 0) <= Date.now() / 1000 + TOLERANCE &&
    (authorizedParties.length === 0 || authorizedParties.includes(nameOf(claims["azp"]) ?? ""));

  const verified = async (token: string | undefined) => {
    if (!token) return undefined;
    const own = await key();
    const { header, claims } = (await verifyToken(token, () => own, SIGNED)) ?? {};
    return claims && SESSION_TOKENS.has(header?.["cat"]) && isGood(claims) ? claims : undefined;
  };

  return async (headers: Headers): Promise<Claims | undefined> => {
    const bearer = bearerOf(headers);
    if (bearer !== undefined) return verified(bearer);
    const own = await names();
    const cookies = cookiesNamed(headers, PACKAGE_COOKIE, (name) => own.includes(name));
    const [session, suffixed, seen, suffixedSeen] = own.map((name) => cookies.get(name));
    const [plain, newer] = [await verified(session), await verified(suffixed)];
    if (!plain || !newer) return plain ?? newer;
    return isPlainOne(plain, newer, seen, suffixedSeen) ? plain : newer;
  };
}

/** Reads the header as Clerk does: a token without a scheme counts too, and cookies are then ignored. */
function bearerOf(headers: Headers): string | undefined {
  const [scheme, token] = (headers.get("authorization") ?? "").split(" ", 2);
  if (!token) return scheme || undefined;
  return scheme === "Bearer" ? token : undefined;
}

/**
 * Returns true when Clerk prefers `__session` to the cookie with the instance's suffix, of two good tokens, by
 * the rules of `usesSuffixedCookies` in @clerk/backend.
 *
 * @param seen the value of `__client_uat`: when the browser signed in, or "0" for never
 */
function isPlainOne(plain: Claims, suffixed: Claims, seen = "", suffixedSeen = ""): boolean {
  const isOlder = Number(plain["iat"] ?? 0) <= Number(suffixed["iat"] ?? 0);
  if (suffixedSeen !== "0" && seen !== "0" && !isOlder) return true;
  return suffixedSeen === "" || (suffixedSeen === "0" && seen !== "0");
}

/** Returns the names of the cookies of session and sign-in, each without and with the instance's suffix. */
async function namesOf(publishableKey: string): Promise<readonly string[]> {
  const hash = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(publishableKey));
  const suffix = base64url.encode(new Uint8Array(hash)).slice(0, 8);
  return ["__session", `__session_${suffix}`, "__client_uat", `__client_uat_${suffix}`];
}

function publishableOf(resolver: string, value: unknown): string {
  if (typeof value === "string" && value.startsWith("pk_")) return value;
  const allowed = "the pk_… of NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY, or a function that returns it";
  throw invalidOption(resolver, "publishableKey", allowed);
}

/** Returns false for a machine, whose tokens are signed by the same key. */
function isPerson(subject: unknown): boolean {
  return nameOf(subject)?.startsWith("mch_") === false;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string" && each !== "");
}

const KEY_FORM =
  "the public key of CLERK_JWT_KEY in PEM, an RSA key as JWK, or a function that returns it";

/** Returns a JWK as it is, or the key as PEM with its frame, which a variable may lack. */
function keyMaterial(resolver: string, value: unknown): string | Claims {
  if (isObject(value)) return value;
  // In a variable, a line break may be written as the two characters \n.
  const text = typeof value === "string" ? value.replace(/-----[^-]*-----|\\n|\s/g, "") : "";
  if (!fromBase64(text)?.length) throw invalidOption(resolver, "jwtKey", KEY_FORM);
  return `-----BEGIN PUBLIC KEY-----${text}-----END PUBLIC KEY-----`;
}

async function imported(resolver: string, given: string | Claims): Promise<CryptoKey> {
  const importing = typeof given === "string" ? importSPKI(given, "RS256") : publicKey(given);
  const key = await importing.catch(() => undefined);
  if (key?.algorithm.name !== "RSASSA-PKCS1-v1_5")
    throw invalidOption(resolver, "jwtKey", KEY_FORM);
  return key;
}

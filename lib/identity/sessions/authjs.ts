import { cookiesNamed, joined, PACKAGE_COOKIE } from "./cookies.ts";
import { type Given, readGiven, secretsOf } from "./given.ts";
import { type Claims, nameOf } from "./parts.ts";
import { decryptToken, derivedKey, type TokenKey } from "./tokens.ts";

interface AuthjsOptions {
  /**
   * The secret of Auth.js (AUTH_SECRET), or of NextAuth 4 (NEXTAUTH_SECRET); a list while it is rotated, with
   * the current one first; or a function that returns it, called at the first request.
   * @example
   * authjsUser({ secret: () => process.env["AUTH_SECRET"] });
   */
  readonly secret: Given<string | readonly (string | undefined)[]>;
  /**
   * The name of the session's cookie, when the app sets `cookies.sessionToken.name`.
   * @default those of Auth.js 5 and NextAuth 4, with `__Secure-` and without
   * @example
   * authjsUser({ secret, cookie: "shop.session-token" });
   */
  readonly cookie?: string;
  /**
   * Returns the user for the claims of a session. It is called with verified claims only.
   * @default the claim `sub`
   * @example
   * authjsUser({ secret, user: ({ id }) => (typeof id === "string" ? id : undefined) });
   */
  readonly user?: (claims: Claims) => string | undefined;
}

const COOKIES = ["authjs.session-token", "next-auth.session-token"].flatMap((name) => [
  `__Secure-${name}`,
  name,
]);

/** The difference of clocks that the libraries tolerate, in seconds. */
const TOLERANCE = 15;

/**
 * Resolves the user of an Auth.js 5 or NextAuth 4 session whose strategy is "jwt". A session that does not
 * decrypt, or is past its time, names no user; so does a database session, which only the database knows.
 *
 * Throws {@link HeadgateError} IDENTITY_OPTIONS_INVALID for a secret that is missing: at once, or at the
 * first request when the secret is a function.
 *
 * @example
 * export const identities = defineIdentities({
 *   user: authjsUser({ secret: () => process.env["AUTH_SECRET"] }),
 * });
 */
export function authjsUser(
  options: AuthjsOptions,
): (request: Request) => Promise<string | undefined> {
  const { cookie, user } = options;
  const names = cookie === undefined ? COOKIES : [cookie];
  const secrets = readGiven(options.secret, (value) => secretsOf("authjsUser", "secret", value));
  const keysFor = keyRing(secrets);
  return async ({ headers }) => {
    const cookies = cookiesNamed(headers, PACKAGE_COOKIE, (each) =>
      names.some((own) => each.startsWith(own)),
    );
    for (const name of names) {
      const session = sessionIn(cookies, name);
      const claims =
        session && (await decryptToken(session, (header) => keysFor(name, header), TOLERANCE));
      if (claims) return user ? user(claims) : nameOf(claims["sub"]);
    }
    return undefined;
  };
}

/** Joins every cookie whose name begins with the session's by the number at its end, as the libraries do. */
function sessionIn(cookies: ReadonlyMap<string, string>, name: string): string | undefined {
  const own = [...cookies].filter(([each, value]) => each.startsWith(name) && value !== "");
  const numbered = own.map(
    ([each, value]) => [Number.parseInt(each.split(".").pop() || "0", 10), value] as const,
  );
  return joined(numbered.toSorted(([a], [b]) => a - b).map(([, value]) => value));
}

/** Returns the keys that a header asks for: the one with its `kid`, or the current one. */
function keyRing(secrets: () => readonly string[]) {
  const rings = new Map<string, readonly TokenKey[]>();
  return async (name: string, { enc, kid }: Claims): Promise<readonly TokenKey[]> => {
    if (enc !== "A256CBC-HS512" && enc !== "A256GCM") return [];
    // Names of cookies and ways to encrypt are few, so the map stays small.
    const id = `${enc} ${name}`;
    const ring =
      rings.get(id) ?? (await Promise.all(secrets().map((one) => derive(one, enc, name))));
    rings.set(id, ring);
    return kid === undefined ? ring.slice(0, 1) : ring.filter((key) => key.kid === kid);
  };
}

/** Derives the key as `@auth/core/jwt` does for Auth.js 5, and `next-auth/jwt` for NextAuth 4. */
function derive(secret: string, enc: TokenKey["enc"], cookie: string): Promise<TokenKey> {
  if (enc === "A256GCM") {
    const info = "NextAuth.js Generated Encryption Key";
    return derivedKey(secret, { enc, salt: "", info, named: "sha256" });
  }
  const info = `Auth.js Generated Encryption Key (${cookie})`;
  return derivedKey(secret, { enc, salt: cookie, info, named: "sha512" });
}

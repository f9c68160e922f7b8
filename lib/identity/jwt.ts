import { jwtVerify } from "jose";

export interface JwtUserOptions {
  /** HMAC secrets that sign tokens: the current one first, then one that is being rotated out. */
  readonly secrets: readonly string[];
  /** The `aud` that a token must carry. */
  readonly audience: string;
  /**
   * The cookie that may hold the token when there is no bearer.
   * @default "session"
   */
  readonly cookie?: string;
}

/** Longer tokens are not looked at: verifying them is work that anybody could ask for. */
const MAX_TOKEN = 4096;
const MAX_SUBJECT = 256;

/**
 * Resolves the user (`sub`) of a signed JWT (RFC 7519) from the Authorization header, or else from
 * a cookie. HS256 only, `exp` and `aud` required. A token that does not verify names nobody.
 */
export function jwtUser(
  options: JwtUserOptions,
): (request: Request) => Promise<string | undefined> {
  const keys = options.secrets.map((secret) => new TextEncoder().encode(secret));
  const cookie = options.cookie ?? "session";
  return async (request) => {
    for (const token of tokensOf(request.headers, cookie)) {
      for (const key of keys) {
        const user = await userOf(token, key, options.audience);
        if (user !== undefined) return user;
      }
    }
    return undefined;
  };
}

async function userOf(token: string, key: Uint8Array, audience: string) {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      audience,
      requiredClaims: ["exp", "sub"],
    });
    const user = payload.sub;
    return user && user.length <= MAX_SUBJECT ? user : undefined;
  } catch {
    // Forged, expired or for somebody else: no user. The address is counted instead.
    return undefined;
  }
}

function tokensOf(headers: Headers, cookie: string): string[] {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const fromCookie = cookieValue(headers.get("cookie") ?? "", cookie);
  return [bearer, fromCookie].filter(
    (token): token is string => token !== undefined && token.length <= MAX_TOKEN,
  );
}

function cookieValue(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

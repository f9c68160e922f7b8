import { decodeJwt } from "jose";

/** Whom a token names. */
interface Caller {
  readonly user: string;
  readonly role: string | undefined;
}

/** What a pasted text says. */
export interface TokenText {
  /** What requests carry; undefined where the text is no token. */
  readonly token: string | undefined;
  /** Whom the token names, unverified. */
  readonly caller: Caller | undefined;
  /** What the text is, for people. */
  readonly words: string;
}

/**
 * Reads what a person pasted where a token (RFC 7519) is expected.
 *
 * @param now milliseconds since 1970
 */
export function readToken(text: string, now: number): TokenText {
  const token = text.trim().replace(/^Bearer\s+/i, "");
  if (token === "") return { token: undefined, caller: undefined, words: NONE };
  const claims = claimsOf(token);
  if (!claims) return { token: undefined, caller: undefined, words: NO_TOKEN };
  const { sub: user = "a user without a name", exp } = claims;
  const role = typeof claims["role"] === "string" ? claims["role"] : undefined;
  const caller = { user, role };
  const who = role === undefined ? user : `${user}, ${role}`;
  if (exp === undefined) return { token, caller, words: `Requests are sent as ${who}.` };
  const end = new Date(exp * 1000).toLocaleTimeString("en-GB", { timeStyle: "short" });
  const words =
    exp * 1000 <= now
      ? `This token of ${who} expired at ${end}. Print another.`
      : `Requests are sent as ${who}, until ${end}.`;
  return { token, caller, words };
}

const NONE =
  "Without a token, requests are sent as the user who is signed in to this browser, if there is one.";
const NO_TOKEN = "This is no token: a token has three parts of letters and digits, joined by dots.";

function claimsOf(token: string) {
  // A header takes no other letters.
  if (!/^[\w.-]+$/.test(token)) return undefined;
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

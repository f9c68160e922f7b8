import { decodeJwt } from "jose";

/** The user that a token names. */
interface Caller {
  readonly user: string;
  readonly role: string | undefined;
}

/** The meaning of a pasted text. */
export interface TokenText {
  /** The token that requests carry; undefined when the text is not a token. */
  readonly token: string | undefined;
  /** The user that the token names, unverified. */
  readonly caller: Caller | undefined;
  /** A description of the text for people. */
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
      ? `This token of ${who} expired at ${end}. Print a new one.`
      : `Requests are sent as ${who}, until ${end}.`;
  return { token, caller, words };
}

const NONE =
  "Without a token, requests are sent as the user who is signed in to this browser, if there is one.";
const NO_TOKEN =
  "This is not a token: a token has three parts of letters and digits, separated by dots.";

function claimsOf(token: string) {
  // A header cannot hold other characters.
  if (!/^[\w.-]+$/.test(token)) return undefined;
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

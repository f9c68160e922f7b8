import { decodeJwt } from "jose";

/** What a pasted text says. */
export interface TokenText {
  /** What requests carry; undefined where the text is no token. */
  readonly token: string | undefined;
  /** For people; who it is comes from the token itself, unverified. */
  readonly words: string;
}

/**
 * Reads what a person pasted where a token (RFC 7519) is expected.
 *
 * @param now milliseconds since 1970
 */
export function readToken(text: string, now: number): TokenText {
  const token = text.trim().replace(/^Bearer\s+/i, "");
  if (token === "") return { token: undefined, words: NONE };
  const claims = claimsOf(token);
  if (!claims) return { token: undefined, words: NO_TOKEN };
  const { sub = "nobody", role, exp } = claims;
  const who = typeof role === "string" ? `${sub}, ${role}` : sub;
  if (exp === undefined) return { token, words: `Requests are sent as ${who}.` };
  const end = new Date(exp * 1000).toLocaleTimeString("en-GB", { timeStyle: "short" });
  const words =
    exp * 1000 <= now
      ? `This token of ${who} ended at ${end}. Print another.`
      : `Requests are sent as ${who}, until ${end}.`;
  return { token, words };
}

const NONE =
  "Without one, requests are sent as the user who is signed in to this browser, if there is one.";
const NO_TOKEN = "This is no token: one has three parts of letters and digits, joined by dots.";

function claimsOf(token: string) {
  // A header takes no other letters.
  if (!/^[\w.-]+$/.test(token)) return undefined;
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

import { createHash, timingSafeEqual } from "node:crypto";
import { HeadgateError } from "#lib/core/errors";
import { isToken } from "#lib/core/settings";

/** A token shorter than this, in characters, could be guessed. */
const SHORTEST_TOKEN = 16;

/** What the gateway's token must be, for errors. */
export const GATEWAY_TOKEN = `at least ${SHORTEST_TOKEN} visible ASCII characters, without blanks, quotes or \`Bearer\``;

/**
 * Returns a function that checks an Authorization header against the token. It takes the same time for every
 * wrong token, because it compares hashes, which have one length.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when the token is shorter than 16 characters, or has a character
 *   that no caller could send
 */
export function tokenCheck(token: string): (authorization: string | undefined) => boolean {
  if (token.length < SHORTEST_TOKEN) {
    throw new HeadgateError(
      "GATEWAY_INVALID",
      `The gateway's token has ${token.length} characters; it needs at least ${SHORTEST_TOKEN}.`,
    );
  }
  if (!isToken(token)) {
    throw new HeadgateError("GATEWAY_INVALID", `The gateway's token must be ${GATEWAY_TOKEN}.`);
  }
  const expected = digest(token);
  return (authorization = "") => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "";
    return timingSafeEqual(digest(given), expected);
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

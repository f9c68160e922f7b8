import { createHash, timingSafeEqual } from "node:crypto";
import { HeadgateError } from "#lib/core/errors";

/** A token shorter than this, in characters, could be guessed. */
const SHORTEST_TOKEN = 16;

/**
 * A check of the Authorization header against the token. It takes the same time for every wrong
 * token: hashes have one length, and comparing them says nothing about the token.
 *
 * @throws {HeadgateError} GATEWAY_INVALID when the token is shorter than 16 characters
 */
export function tokenCheck(token: string): (authorization: string | undefined) => boolean {
  if (token.length < SHORTEST_TOKEN) {
    throw new HeadgateError(
      "GATEWAY_INVALID",
      `The gateway's token has ${token.length} characters; it needs at least ${SHORTEST_TOKEN}.`,
    );
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

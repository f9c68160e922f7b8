import type { Subscription } from "#lib/gateway/store/store";
import { decodeSegment } from "./commands.ts";
import { RequestError } from "./request-error.ts";

/** The path of a stream with the rest of the URL: @upstash/redis encodes neither `/` nor `?` in a name. */
const PATH = /^\/(p?subscribe)(?:\/(.*)|\?.*)?$/is;

/**
 * Reads the subscription that a request asks for. Returns undefined when the path is not that of a stream.
 * Everything after `/subscribe/` is one name.
 *
 * @param url the path and the query as they were sent, percent-encoded
 * @throws {RequestError} 405, or 400 naming what is wrong with the name
 */
export function readSubscription(method: string, url: string): Subscription | undefined {
  const [, path, encoded = ""] = PATH.exec(url) ?? [];
  if (path === undefined) return undefined;
  if (method !== "POST" && method !== "GET") {
    throw new RequestError(405, `ERR ${method} is not allowed on this path`);
  }
  const isPattern = path.toLowerCase() === "psubscribe";
  const what = isPattern ? "pattern" : "channel";
  const name = decodeSegment(encoded);
  if (name === "")
    throw new RequestError(400, `ERR the path must name a ${what}: /${path}/<${what}>`);
  if (/[,\r\n]/.test(name)) {
    throw new RequestError(
      400,
      `ERR a ${what} must be named without commas and line breaks: the stream could not tell where the name ends`,
    );
  }
  return { kind: what, name };
}

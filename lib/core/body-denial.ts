import { type Decision, uncounted } from "./decision.ts";
import { nextMaxBodyOf } from "./next-body-size.ts";

/** The bounds of a request's body, in bytes; each is undefined when there is no such bound. */
export interface BodyBounds {
  /** The smallest `maxBody` of the rules that apply. */
  readonly ruled?: number | undefined;
  /**
   * The length to which Next truncates a longer body without an error, unless the request holds another
   * length; undefined when Next truncates no body.
   */
  readonly nextMaxBody: number | undefined;
}

/**
 * Denies a request whose body is too large, by its Content-Length, before the body is read. When a rule
 * bounds the body, a request without a stated length is denied too, since its size is not known before the
 * handler reads it (RFC 9110, sections 15.5.12 and 15.5.14).
 *
 * @returns undefined when the body is no reason to deny the request
 */
export function bodyDenial(
  request: Request,
  { ruled, nextMaxBody }: BodyBounds,
): Decision | undefined {
  const maxBody = Math.min(ruled ?? Infinity, cutOf(request, nextMaxBody));
  if (maxBody === Infinity) return undefined;
  const length = lengthOf(request, nextMaxBody !== undefined);
  if (length !== undefined)
    return length > maxBody ? uncounted(false, "body-too-large", { maxBody }) : undefined;
  return ruled === undefined ? undefined : uncounted(false, "body-length-unknown", { maxBody });
}

/** Next truncates the body and the copy that the middleware gets, except for GET and HEAD. */
function cutOf(request: Request, nextMaxBody: number | undefined): number {
  if (nextMaxBody === undefined) return Infinity;
  const { method } = request;
  if (method === "GET" || method === "HEAD") return Infinity;
  return nextMaxBodyOf(request) ?? nextMaxBody;
}

/**
 * @param isPlainHttp whether the request came by HTTP/1.1, where every body has a length or a transfer
 * coding; Next gives the middleware a stream there even if the request has no body
 * @returns bytes; undefined when the request has a body of unknown length
 */
function lengthOf({ headers, body }: Request, isPlainHttp: boolean): number | undefined {
  if (headers.has("transfer-encoding")) return undefined;
  const given = headers.get("content-length");
  if (given !== null) return /^\d{1,20}$/.test(given) ? Number(given) : undefined;
  return isPlainHttp || body === null ? 0 : undefined;
}

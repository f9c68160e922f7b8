import { type Decision, uncounted } from "./decision.ts";
import { nextCutsAt } from "./next-body-size.ts";

/** What bounds the body of a request, in bytes; each is undefined where nothing does. */
export interface BodyBounds {
  /** The smallest `maxBody` of the rules that apply. */
  readonly ruled?: number | undefined;
  /**
   * What Next hands on where it cuts a longer body in silence, unless the request tells; undefined where
   * it cuts none.
   */
  readonly cutAt: number | undefined;
}

/**
 * Denies a request whose body is too large: by its Content-Length, before any of it is read. Where a rule
 * bounds the body, a request without a stated length is denied too, since its size is not known before the
 * handler reads it (RFC 9110, sections 15.5.12 and 15.5.14).
 *
 * @returns undefined where the request may go on
 */
export function bodyDenial(request: Request, { ruled, cutAt }: BodyBounds): Decision | undefined {
  const maxBody = Math.min(ruled ?? Infinity, cutOf(request, cutAt));
  if (maxBody === Infinity) return undefined;
  const length = lengthOf(request, cutAt !== undefined);
  if (length !== undefined)
    return length > maxBody ? uncounted(false, "body-too-large", { maxBody }) : undefined;
  return ruled === undefined ? undefined : uncounted(false, "body-length-unknown", { maxBody });
}

/** Next gives the middleware a copy of a body, and cuts both; those of GET and HEAD it leaves alone. */
function cutOf(request: Request, cutAt: number | undefined): number {
  if (cutAt === undefined) return Infinity;
  const { method } = request;
  if (method === "GET" || method === "HEAD") return Infinity;
  return nextCutsAt(request) ?? cutAt;
}

/**
 * @param isPlainHttp whether a server of HTTP/1.1 is in front, where a body has a length or a coding;
 * Next gives the middleware a stream there even if the request has no body
 * @returns bytes; undefined where there is a body that does not say
 */
function lengthOf({ headers, body }: Request, isPlainHttp: boolean): number | undefined {
  if (headers.has("transfer-encoding")) return undefined;
  const given = headers.get("content-length");
  if (given !== null) return /^\d{1,20}$/.test(given) ? Number(given) : undefined;
  return isPlainHttp || body === null ? 0 : undefined;
}

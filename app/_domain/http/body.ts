import type * as z from "zod";
import { readUpTo } from "headgate";
import { checkInput } from "./input.ts";
import { type Input, reject, rejectInput } from "./problem.ts";

/** The largest body that a handler reads, in bytes: 64 kB. */
export const MAX_BODY_BYTES = 64 * 1024;

export interface BodyOptions<T> {
  /** The value of an empty body; without this option a body is required. */
  readonly whenEmpty?: T;
  /**
   * Another content type that is read as JSON.
   * @default none
   */
  readonly alsoAs?: string;
}

/**
 * Reads a request's JSON body; every handler reads bodies by this function. It never throws. It rejects
 * these bodies with problem details (RFC 9457):
 *
 * - one larger than {@link MAX_BODY_BYTES}: 413, before it is parsed
 * - one whose content type is not JSON: 415
 * - one that is not JSON in UTF-8 (RFC 8259), or does not match the schema: 400
 *
 * @param schema a strict object, so that an unknown field is rejected
 */
export async function readBody<T>(
  request: Request,
  schema: z.ZodType<T>,
  { whenEmpty, alsoAs }: BodyOptions<T> = {},
): Promise<Input<T>> {
  const bytes = await readBytes(request);
  if (!bytes.ok) return bytes;
  // The empty body comes first, because a client that sends none may still name a type.
  if (bytes.value.length === 0) {
    return whenEmpty === undefined ? wrongBody("A JSON body is required.") : found(whenEmpty);
  }
  if (!isPlainJson(request.headers, alsoAs))
    return reject(UNSUPPORTED, { Accept: "application/json" });
  const json = parse(bytes.value);
  return json.ok ? checkInput(schema, json.value) : json;
}

const TOO_LARGE = {
  status: 413,
  title: "Content too large",
  detail: `A body may have at most ${MAX_BODY_BYTES} bytes.`,
};

const UNSUPPORTED = {
  status: 415,
  title: "Unsupported media type",
  detail: "A body must have the content type application/json, and no content encoding.",
};

function found<T>(value: T): Input<T> {
  return { ok: true, value };
}

function wrongBody(detail: string): Input<never> {
  return rejectInput([{ pointer: "#", detail }]);
}

async function readBytes(request: Request): Promise<Input<Uint8Array>> {
  if (!request.body) return found(new Uint8Array());
  // A large Content-Length avoids reading. A small one proves nothing, so the bytes are counted too.
  if (Number(request.headers.get("content-length")) > MAX_BODY_BYTES) return reject(TOO_LARGE);
  try {
    const bytes = await readUpTo(request.body, MAX_BODY_BYTES);
    return bytes ? found(bytes) : reject(TOO_LARGE);
  } catch {
    return wrongBody("The body broke off before its end.");
  }
}

function isPlainJson(headers: Headers, alsoAs: string | undefined): boolean {
  const type = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  const encoding = headers.get("content-encoding")?.toLowerCase() ?? "identity";
  const isJson = type === "application/json" || (type !== undefined && type === alsoAs);
  return isJson && encoding === "identity";
}

function parse(bytes: Uint8Array): Input<unknown> {
  try {
    return found(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    // The parser's message quotes the body.
    return wrongBody("The body is not JSON in UTF-8.");
  }
}

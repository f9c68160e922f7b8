import type { NextConfig } from "#lib/audit/next-config";
import { HeadgateError } from "#lib/core/errors";
import { nextRequestOf } from "#lib/server/next-request";

/** A request as a person writes it after the command. */
export interface WrittenRequest {
  readonly method: string;
  /** A complete URL, or a path. */
  readonly url: string;
  /** The headers, each as "name: value". */
  readonly headers: readonly string[];
}

/**
 * Returns a function that makes a request as Next gives it to middleware. It uses the app's own Next, which
 * removes basePath and locale from the path.
 *
 * @throws {HeadgateError} CLI_USAGE for a URL, a method or a header that cannot be read
 */
export function requestMaker(
  project: string,
  { method, url, headers }: WrittenRequest,
  { basePath, i18n, trailingSlash }: NextConfig,
): () => Request {
  const NextRequest = nextRequestOf(project);
  const nextConfig = { basePath, i18n, trailingSlash };
  const make = () => {
    const address = new URL(url, "http://localhost");
    const init = { method, headers: headers.map(splitHeader) };
    return NextRequest
      ? new NextRequest(address, { ...init, nextConfig })
      : new Request(address, init);
  };
  try {
    make();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HeadgateError("CLI_USAGE", `The request cannot be made: ${why}`, { cause });
  }
  return make;
}

function splitHeader(header: string): [string, string] {
  const colon = header.indexOf(":");
  if (colon < 1) throw new TypeError(`--header must be "name: value", not "${header}".`);
  return [header.slice(0, colon).trim(), header.slice(colon + 1).trim()];
}

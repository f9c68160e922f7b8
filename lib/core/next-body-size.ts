/** Where Next cuts bodies unless next.config says otherwise, in bytes. */
export const NEXT_CUTS_AT = 10_485_760;

/** As much of what Next keeps about a request's URL as is read here. */
interface UrlState {
  readonly options?: {
    readonly nextConfig?: { readonly experimental?: { readonly proxyClientMaxBodySize?: unknown } };
  };
}

/**
 * Where the Next that serves this request cuts its body, in bytes: next.config's
 * `experimental.proxyClientMaxBodySize`. Next gives its config to middleware in no other way than within
 * the request's URL, under a symbol.
 *
 * @returns undefined where the request is not Next's, or a later Next keeps its config elsewhere
 */
export function nextCutsAt(request: Request): number | undefined {
  if (!("nextUrl" in request) || typeof request.nextUrl !== "object" || !request.nextUrl) {
    return undefined;
  }
  const url = request.nextUrl as Record<symbol, UrlState | undefined>;
  const key = Object.getOwnPropertySymbols(url).find(
    (one) => one.description === "NextURLInternal",
  );
  const size = key && url[key]?.options?.nextConfig?.experimental?.proxyClientMaxBodySize;
  return typeof size === "number" ? size : undefined;
}

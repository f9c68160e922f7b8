/** The length to which Next truncates bodies by default, in bytes. */
export const NEXT_MAX_BODY = 10_485_760;

/** The part of Next's state of a request's URL that is read here. */
interface UrlState {
  readonly options?: {
    readonly nextConfig?: { readonly experimental?: { readonly proxyClientMaxBodySize?: unknown } };
  };
}

/**
 * Returns the length to which Next truncates this request's body, in bytes: next.config's
 * `experimental.proxyClientMaxBodySize`. Middleware finds Next's config only in the request's URL, under a
 * symbol.
 *
 * @returns undefined when the request is not from Next, or when a later Next keeps its config elsewhere
 */
export function nextMaxBodyOf(request: Request): number | undefined {
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

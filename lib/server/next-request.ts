import { requireNext } from "./require-next.ts";

/** The part of Next's request class that is used. The URL of such a request knows the app's basePath and locales. */
export type NextRequestMaker = new (
  url: URL,
  init: RequestInit & { readonly nextConfig: object },
) => Request;

/** Returns the class of a project's own Next; undefined when Next is not installed there. */
export function nextRequestOf(project: string): NextRequestMaker | undefined {
  try {
    return (requireNext(project)("next/server") as { readonly NextRequest: NextRequestMaker })
      .NextRequest;
  } catch {
    return undefined;
  }
}

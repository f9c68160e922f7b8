import { requireNext } from "./require-next.ts";

/** As much as is used of Next's request: its URL knows the app's basePath and locales. */
export type NextRequestMaker = new (
  url: URL,
  init: RequestInit & { readonly nextConfig: object },
) => Request;

/** Returns the class of a project's own Next; undefined where Next is not installed there. */
export function nextRequestOf(project: string): NextRequestMaker | undefined {
  try {
    return (requireNext(project)("next/server") as { readonly NextRequest: NextRequestMaker })
      .NextRequest;
  } catch {
    return undefined;
  }
}

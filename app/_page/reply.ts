import { ask, type PageRequest } from "./ask.ts";
import { readRetryAfter } from "./limit-status.ts";

/** What came back to a request whose answer's body matters. */
export type Reply<T> =
  | {
      readonly kind: "answered";
      readonly body: T;
      readonly durationMs: number;
      /** When it was answered, by the server's clock where it says; milliseconds since 1970. */
      readonly at: number;
    }
  /** Over a limit; seconds until there is room. */
  | { readonly kind: "refused"; readonly retryAfter: number | undefined }
  /** Any other answer, or none: then without a status. */
  | { readonly kind: "failed"; readonly status: number | undefined; readonly title: string };

/** Sends a request to one of the app's routes, whose answer is JSON. It never throws. */
export async function askForJson<T>(request: PageRequest, token?: string): Promise<Reply<T>> {
  const began = performance.now();
  try {
    const response = await ask(request, token);
    const { status, headers } = response;
    if (status === 429) {
      await response.body?.cancel();
      return { kind: "refused", retryAfter: readRetryAfter(headers) };
    }
    if (!response.ok) return { kind: "failed", status, title: await titleOf(response) };
    const body: T = await response.json();
    const at = Date.parse(headers.get("date") ?? "") || Date.now();
    return { kind: "answered", body, durationMs: performance.now() - began, at };
  } catch {
    return { kind: "failed", status: undefined, title: "No answer came" };
  }
}

/** The title of a problem (RFC 9457), else the status line's. */
async function titleOf(response: Response): Promise<string> {
  try {
    const problem: { readonly title?: unknown } | null = await response.json();
    if (typeof problem?.title === "string") return problem.title;
  } catch {
    // No JSON, no title.
  }
  return response.statusText;
}

import { ask, type PageRequest } from "./ask.ts";
import { readRetryAfter } from "./limit-status.ts";

/** The result of a request whose JSON the page reads. */
export type Reply<T> =
  | {
      readonly kind: "answered";
      readonly body: T;
      readonly durationMs: number;
      /** When it was answered, in milliseconds since 1970, by the server's clock when it sends a date. */
      readonly at: number;
    }
  /** Denied by a limit, with the seconds until capacity returns. */
  | { readonly kind: "denied"; readonly retryAfter: number | undefined }
  /** Rejected by the route itself, such as 401. */
  | { readonly kind: "rejected"; readonly status: number; readonly title: string }
  /** Answered with 500 or more; or not answered, and then without a status. */
  | { readonly kind: "failed"; readonly status: number | undefined; readonly title: string };

/** Sends a request to one of the app's routes that answers with JSON. It never throws. */
export async function askForJson<T>(request: PageRequest, token?: string): Promise<Reply<T>> {
  const began = performance.now();
  try {
    const response = await ask(request, token);
    const { status, headers } = response;
    if (status === 429) {
      await response.body?.cancel();
      return { kind: "denied", retryAfter: readRetryAfter(headers) };
    }
    if (!response.ok) {
      const kind = status < 500 ? "rejected" : "failed";
      return { kind, status, title: await titleOf(response) };
    }
    const body: T = await response.json();
    const at = Date.parse(headers.get("date") ?? "") || Date.now();
    return { kind: "answered", body, durationMs: performance.now() - began, at };
  } catch {
    return { kind: "failed", status: undefined, title: "No answer arrived" };
  }
}

/** Returns the title of a problem (RFC 9457), else the text of the status line. */
async function titleOf(response: Response): Promise<string> {
  try {
    const problem: { readonly title?: unknown } | null = await response.json();
    if (typeof problem?.title === "string") return problem.title;
  } catch {
    // A body that is not JSON has no title.
  }
  return response.statusText;
}

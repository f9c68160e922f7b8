import type { Reply } from "./reply.ts";
import { clock } from "./use-countdown.ts";

/** Which of the ways to draw a tab: it did the work, was spared it, was refused, or failed. */
export type TabLook = "did" | "spared" | "refused" | "failed";

/** One tab's answer as people see it. */
export interface TabWords {
  readonly look: TabLook;
  readonly words: string;
  readonly detail: string;
}

/** A tab whose request was not answered as asked. */
export function failedTab(reply: Exclude<Reply<unknown>, { kind: "answered" }>): TabWords {
  if (reply.kind === "refused") return { look: "refused", words: "refused", detail: "429" };
  const { status = "no answer" } = reply;
  return { look: "failed", words: "failed", detail: String(status) };
}

/** The replies of the requests that were answered as asked. */
export function answeredBy<T>(replies: readonly Reply<T>[]) {
  return replies.filter((reply) => reply.kind === "answered");
}

/** What became of the requests that were not answered as asked; empty where there are none. */
export function shortfall(replies: readonly Reply<unknown>[]): string {
  const refused = replies.filter((reply) => reply.kind === "refused");
  const failed = replies.filter((reply) => reply.kind === "failed");
  return [refused.length > 0 && refusal(refused), failed.length > 0 && failure(failed)]
    .filter((text) => text !== false)
    .join(" ");
}

/** "once", "twice", "3 times". */
export function times(count: number): string {
  return ["not", "once", "twice"][count] ?? `${count} times`;
}

function refusal(refused: readonly { readonly retryAfter: number | undefined }[]): string {
  const waits = refused.map(({ retryAfter }) => retryAfter ?? 0);
  const wait = Math.max(...waits);
  const when = wait > 0 ? `There is room again in ${clock(wait)}.` : "";
  return `The limit refused ${refused.length} (429). ${when}`.trim();
}

function failure(failed: readonly { readonly status: number | undefined; title: string }[]) {
  const reasons = failed.map(({ status, title }) => (status ? `${status} ${title}` : title));
  return `${failed.length} failed: ${[...new Set(reasons)].join(", ")}.`;
}

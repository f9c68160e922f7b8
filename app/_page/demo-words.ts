import type { Reply } from "./reply.ts";
import { clock } from "./use-countdown.ts";

/**
 * How a tab is drawn: it did the work, was spared it, was denied by a limit, was rejected by the route,
 * or failed.
 */
export type TabLook = "did" | "spared" | "denied" | "rejected" | "failed";

/** One tab's answer as text for people. */
export interface TabWords {
  readonly look: TabLook;
  readonly words: string;
  readonly detail: string;
}

/** Describes a tab whose request was not answered with 200. */
export function unansweredTab(reply: Exclude<Reply<unknown>, { kind: "answered" }>): TabWords {
  if (reply.kind === "denied") return { look: "denied", words: "denied", detail: "429" };
  const { kind, status = "no answer" } = reply;
  return { look: kind, words: kind, detail: String(status) };
}

/** Returns the replies of the requests that were answered with 200. */
export function answeredBy<T>(replies: readonly Reply<T>[]) {
  return replies.filter((reply) => reply.kind === "answered");
}

/** Describes the requests that were not answered with 200; returns empty text when all were. */
export function shortfall(replies: readonly Reply<unknown>[]): string {
  const denied = replies.filter((reply) => reply.kind === "denied");
  const rejected = replies.filter((reply) => reply.kind === "rejected");
  const failed = replies.filter((reply) => reply.kind === "failed");
  return [
    denied.length > 0 && denial(denied),
    rejected.length > 0 && `The route rejected ${rejected.length}: ${reasons(rejected)}.`,
    failed.length > 0 && `${failed.length} failed: ${reasons(failed)}.`,
  ]
    .filter((text) => text !== false)
    .join(" ");
}

/** Returns "once", "twice" or "3 times". */
export function times(count: number): string {
  return ["not", "once", "twice"][count] ?? `${count} times`;
}

function denial(denied: readonly { readonly retryAfter: number | undefined }[]): string {
  const waits = denied.map(({ retryAfter }) => retryAfter ?? 0);
  const wait = Math.max(...waits);
  const when = wait > 0 ? `Capacity returns in ${clock(wait)}.` : "";
  return `The limit denied ${denied.length} (429). ${when}`.trim();
}

function reasons(replies: readonly { readonly status: number | undefined; title: string }[]) {
  const all = replies.map(({ status, title }) => (status ? `${status} ${title}` : title));
  return [...new Set(all)].join(", ");
}

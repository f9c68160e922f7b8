import { answeredBy, failedTab, shortfall, type TabWords } from "./demo-words.ts";
import type { Reply } from "./reply.ts";

/** What POST /api/analytics/track answers. */
export interface Tracked {
  readonly tracked: boolean;
}

/** What GET /api/analytics/counts answers. */
export interface Counts {
  readonly counts: Readonly<Record<string, number>>;
}

/** What a tab is shown of its answer. */
export function viewTab(reply: Reply<Tracked>): TabWords {
  if (reply.kind !== "answered") return failedTab(reply);
  const detail = `${Math.round(reply.durationMs)} ms`;
  return reply.body.tracked
    ? { look: "did", words: "counted", detail }
    : { look: "spared", words: "duplicate", detail };
}

/** What the tabs' answers say together. */
export function viewWords(replies: readonly Reply<Tracked>[]): string {
  const counted = answeredBy(replies).filter(({ body }) => body.tracked);
  return `Counted ${counted.length} of ${replies.length}. ${shortfall(replies)}`.trim();
}

/** The count of one type of event, or why it is not known. */
export function countOf(reply: Reply<Counts> | undefined, type: string): string {
  if (!reply) return "–";
  if (reply.kind === "answered") return String(reply.body.counts[type] ?? 0);
  return `unknown (${reply.kind === "refused" ? "429" : (reply.status ?? "no answer")})`;
}

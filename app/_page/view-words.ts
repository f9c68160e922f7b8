import { answeredBy, unansweredTab, shortfall, type TabWords } from "./demo-words.ts";
import type { Reply } from "./reply.ts";

/** The JSON that POST /api/analytics/track returns. */
export interface Tracked {
  readonly tracked: boolean;
}

/** The JSON that GET /api/analytics/counts returns. */
export interface Counts {
  readonly counts: Readonly<Record<string, number>>;
}

/** Describes a tab's answer. */
export function viewTab(reply: Reply<Tracked>): TabWords {
  if (reply.kind !== "answered") return unansweredTab(reply);
  const detail = `${Math.round(reply.durationMs)} ms`;
  return reply.body.tracked
    ? { look: "did", words: "counted", detail }
    : { look: "spared", words: "duplicate", detail };
}

/** Describes the answers of all tabs. */
export function viewWords(replies: readonly Reply<Tracked>[]): string {
  const counted = answeredBy(replies).filter(({ body }) => body.tracked);
  return `Counted ${counted.length} of ${replies.length}. ${shortfall(replies)}`.trim();
}

/**
 * Describes the day's count of one type of event in Redis, before and after; for an unknown count, the
 * reason.
 */
export function countsInWords(before: Reply<Counts>, after: Reply<Counts>, type: string): string {
  return `Today in Redis: ${countOf(before, type)} before, ${countOf(after, type)} after.`;
}

function countOf(reply: Reply<Counts>, type: string): string {
  if (reply.kind === "answered") return String(reply.body.counts[type] ?? 0);
  return `unknown (${reply.kind === "denied" ? "429" : (reply.status ?? "no answer")})`;
}

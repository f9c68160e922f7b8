import { answeredBy, unansweredTab, shortfall, type TabWords, times } from "./demo-words.ts";
import type { Reply } from "./reply.ts";

/** The JSON that POST /api/dashboard/sync/trigger returns. */
export interface Synced {
  /** How many posts there are. */
  readonly items: number;
  /** When the posts were fetched. */
  readonly syncedAt: number | string;
  /** True when this request called Instagram for media. */
  readonly fetched: boolean;
  /** True when this request called Instagram for a new token. */
  readonly refreshed: boolean;
}

/** Describes a tab's answer. */
export function syncTab(reply: Reply<Synced>): TabWords {
  if (reply.kind !== "answered") return unansweredTab(reply);
  const { fetched, refreshed } = reply.body;
  const took = `${Math.round(reply.durationMs)} ms`;
  return fetched || refreshed
    ? {
        look: "did",
        words: fetched ? "fetched" : "renewed",
        detail: refreshed ? "new token" : took,
      }
    : { look: "spared", words: "given", detail: took };
}

/** Describes the answers of all tabs. */
export function syncWords(replies: readonly Reply<Synced>[]): string {
  if (replies.every((reply) => reply.kind === "rejected" && reply.status === 401))
    return NOT_SIGNED_IN;
  return `${calls(replies)} ${shortfall(replies)}`.trim();
}

const NOT_SIGNED_IN =
  "The gate allowed all requests; the route answered 401. Sign in or use a token, and try again.";

function calls(replies: readonly Reply<Synced>[]): string {
  const answers = answeredBy(replies);
  const fetches = answers.filter(({ body }) => body.fetched).length;
  const tokens = answers.filter(({ body }) => body.refreshed).length;
  if (fetches + tokens > 0) {
    return `Instagram was called ${times(fetches)} for media, ${times(tokens)} for a new token.`;
  }
  const [first] = answers;
  if (!first) return "";
  const age = (first.at - new Date(first.body.syncedAt).getTime()) / 1000;
  return `No request called Instagram: all got the result of ${Math.max(0, Math.round(age))} s ago.`;
}

import type { ReplyBudget } from "#lib/gateway/store/reply-budget";
import type { GatewayAnswer } from "./routes.ts";

/** The answer to a request, as the bytes that are sent. */
export interface AnswerText {
  readonly status: number;
  /** The body, in pieces. */
  readonly pieces: readonly Buffer[];
}

const OPEN = Buffer.from("[");
const COMMA = Buffer.from(",");
const CLOSE = Buffer.from("]");

/**
 * Writes an answer as JSON, one command's answer at a time, so that only one is a string at any moment. The
 * JSON of a reply may be six times as large as its bytes. An answer that no longer fits into the budget
 * becomes an error.
 */
export function textOf({ status, body }: GatewayAnswer, budget: ReplyBudget): AnswerText {
  let size = 0;
  let fits = true;
  const write = (answer: unknown): Buffer => {
    const text = Buffer.from(JSON.stringify(answer));
    fits &&= budget.grow(size + text.length);
    if (fits) size += text.length;
    return fits ? text : Buffer.from(JSON.stringify({ error: budget.refusal?.message }));
  };
  if (!(Symbol.iterator in body)) {
    const text = write(body);
    return { status: fits ? status : budget.refusedStatus, pieces: [text] };
  }
  const pieces: Buffer[] = [OPEN];
  for (const answer of body) {
    if (pieces.length > 1) pieces.push(COMMA);
    pieces.push(write(answer));
  }
  return { status, pieces: [...pieces, CLOSE] };
}

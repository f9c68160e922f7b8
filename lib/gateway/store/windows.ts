import type { Budget, Command, ErrorReply } from "./store.ts";

/** How many commands of a pipeline are sent at once while its replies are large, or not known. */
const FEWEST = 16;
/** How much faster it goes while they are small. */
const GROWTH = 4;
/** Replies of a window that are small, in bytes. */
const SMALL_BYTES = 65_536;

export interface Windows<T> {
  readonly budget: Budget | undefined;
  /** When to stop waiting and send all that is left at once, in milliseconds. */
  readonly patienceMs: number;
  /** Sends commands in one turn of the event loop. */
  readonly send: (commands: readonly Command[]) => Promise<readonly T[]>;
  /** What stands for a command that is not sent, since its reply would not fit. */
  readonly unsent: (refusal: ErrorReply) => T;
}

/**
 * Sends the commands of a pipeline some at a time, so that other callers' commands come between large
 * replies, and nothing more is run once the budget is used up. A pipeline of 16 commands or less, and
 * one without a budget, is sent at once.
 */
export async function inWindows<T>(
  commands: readonly Command[],
  { budget, patienceMs, send, unsent }: Windows<T>,
): Promise<readonly T[]> {
  const latest = performance.now() + patienceMs;
  const replies: T[] = [];
  let size = budget ? FEWEST : commands.length;
  while (replies.length < commands.length) {
    const refusal = budget?.refusal;
    if (refusal) return [...replies, ...commands.slice(replies.length).map(() => unsent(refusal))];
    const before = budget?.taken ?? 0;
    replies.push(...(await send(commands.slice(replies.length, replies.length + size))));
    const isSmall = (budget?.taken ?? 0) - before < SMALL_BYTES;
    size = performance.now() > latest ? commands.length : isSmall ? size * GROWTH : FEWEST;
  }
  return replies;
}

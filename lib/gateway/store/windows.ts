import type { Budget, Command, ErrorReply } from "./store.ts";

/** How many commands of a pipeline are sent at once while its replies are large or their size is unknown. */
const FEWEST = 16;
/** The factor by which a window grows while replies are small. */
const GROWTH = 4;
/** The replies of a window are small below this size, in bytes. */
const SMALL_BYTES = 65_536;

export interface Windows<T> {
  readonly budget: Budget | undefined;
  /** The time after which all commands that are left are sent at once, in milliseconds. */
  readonly patienceMs: number;
  /** Sends commands in one turn of the event loop. */
  readonly send: (commands: readonly Command[]) => Promise<readonly T[]>;
  /** Returns the result of a command that is not sent because its reply would not fit. */
  readonly unsent: (refusal: ErrorReply) => T;
}

/**
 * Sends the commands of a pipeline in windows. Commands of other callers can run between large replies, and
 * no more commands run once the budget is used up. A pipeline of 16 commands or fewer, and one without a
 * budget, is sent at once.
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

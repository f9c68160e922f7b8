import type { Command, Redis } from "ioredis";
import { ReplyFilter } from "./reply-filter.ts";
import type { Budget } from "./store.ts";

/** What the reply to each command may take. */
const BUDGETS = new WeakMap<Command, Budget>();

/** Notes the budget that a command's reply is taken from; before the command is sent. */
export function noteBudget(command: Command, budget: Budget): void {
  BUDGETS.set(command, budget);
}

/** What ioredis has and its types hide: the commands without a reply, in the order of their sending. */
interface Waiting {
  readonly commandQueue: { peekFront(): { readonly command: Command } | undefined };
}

/**
 * Puts a filter before the parser of each connection that a client opens: ioredis keeps a reply until
 * it has come whole, however large it is.
 *
 * @param redis not connected yet
 */
export function boundReplies(redis: Redis): void {
  const nextCommand = () => (redis as unknown as Waiting).commandQueue.peekFront()?.command;
  redis.on("connect", () => {
    const { stream } = redis;
    // ioredis listens first of all.
    const [parse] = stream.listeners("data") as ((bytes: Buffer) => void)[];
    if (!parse) throw new Error("ioredis must listen to its connection when it is made.");
    const filter = new ReplyFilter({
      budget: () => {
        const command = nextCommand();
        return command && BUDGETS.get(command);
      },
      pass: (bytes) => parse.call(stream, bytes),
    });
    stream.off("data", parse);
    stream.prependListener("data", (chunk: Buffer) => filter.write(chunk));
  });
}

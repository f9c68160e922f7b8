import type { Command, Redis } from "ioredis";
import { ReplyFilter } from "./reply-filter.ts";
import type { Budget } from "./store.ts";

/** The budget of each command's reply. */
const BUDGETS = new WeakMap<Command, Budget>();

/** Records the budget of a command's reply. Called before the command is sent. */
export function noteBudget(command: Command, budget: Budget): void {
  BUDGETS.set(command, budget);
}

/**
 * A field of ioredis that its types hide: the commands that have no reply yet, in the order in which they
 * were sent.
 */
interface Waiting {
  readonly commandQueue: { peekFront(): { readonly command: Command } | undefined };
}

/**
 * Puts a filter before the parser of each connection that a client opens. Without it ioredis buffers a reply
 * of any size until it is complete.
 *
 * @param redis a client that has not connected yet
 */
export function boundReplies(redis: Redis): void {
  const nextCommand = () => (redis as unknown as Waiting).commandQueue.peekFront()?.command;
  redis.on("connect", () => {
    const { stream } = redis;
    // The first listener is that of ioredis.
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

/** An argument of a command: text, or bytes where the caller sent bytes. */
export type Argument = string | Buffer;

/** A Redis command: its name and its arguments. Never empty. */
export type Command = readonly [name: string, ...args: Argument[]];

/** What Redis answers to a command, in RESP2's shapes. Text comes as bytes. */
export type Reply = Buffer | number | null | ErrorReply | readonly Reply[];

/** Redis understood the call and answered an error, such as WRONGTYPE or NOSCRIPT. */
export class ErrorReply {
  /** As Redis words it: its first word is the code. */
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** The messages of one channel, or of every channel whose name matches a glob pattern of Redis. */
export interface Subscription {
  readonly kind: "channel" | "pattern";
  /** The channel's name, or the pattern. */
  readonly name: string;
}

/** Gets the messages of one subscription. Its functions must not throw. */
export interface MessageListener {
  /** Called for each message, with the name of the channel that it was published to. */
  message(channel: Buffer, payload: Buffer): void;
  /** Called once when the subscription was lost, or can no longer be made: no message comes after it. */
  lost(): void;
}

/** What the replies of one request may take in memory. */
export interface Budget {
  /** Returns true when so many more bytes fit, and takes them. Once some did not, no more do. */
  take(bytes: number): boolean;
  /** How many bytes were taken. */
  readonly taken: number;
  /** What the caller is told of each reply that does not fit; undefined while all fit. */
  readonly refusal: ErrorReply | undefined;
}

/**
 * What stands behind the gateway. Errors that the store answers are replies ({@link ErrorReply});
 * a store that cannot answer rejects with a HeadgateError, STORE_UNREACHABLE or STORE_TIMEOUT.
 * Nothing is ever sent twice: a command may have run although its answer was lost. Where a
 * reply does not fit into its budget, the budget's refusal stands for the first part that does not fit,
 * and what is behind it is no reply.
 */
export interface Store {
  /** Runs one command. */
  call(command: Command, budget?: Budget): Promise<Reply>;
  /** Runs commands in their order; one that fails does not stop the others. */
  pipeline(commands: readonly Command[], budget?: Budget): Promise<readonly Reply[]>;
  /**
   * Runs commands with none of another caller's between them. An {@link ErrorReply} in the place
   * of the list says that nothing ran.
   */
  transaction(
    commands: readonly Command[],
    budget?: Budget,
  ): Promise<readonly Reply[] | ErrorReply>;
  /**
   * Subscribes, and resolves once the store has confirmed it, to a function that ends the subscription;
   * or to an {@link ErrorReply}. A subscription that was lost is not made again. The caller shares one
   * subscription among its clients: the same one is not made twice at a time.
   */
  subscribe(
    subscription: Subscription,
    listener: MessageListener,
  ): Promise<(() => void) | ErrorReply>;
  /** Lets go of the store; subscriptions are lost. */
  close(): Promise<void>;
}

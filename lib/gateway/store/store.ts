/** An argument of a command: text, or bytes where the caller sent bytes. */
export type Argument = string | Buffer;

/** A Redis command: its name and its arguments. Never empty. */
export type Command = readonly [name: string, ...args: Argument[]];

/** The reply of Redis to a command, with the types of RESP2. Text is bytes. */
export type Reply = Buffer | number | null | ErrorReply | readonly Reply[];

/** An error that Redis answered, such as WRONGTYPE or NOSCRIPT. */
export class ErrorReply {
  /** The text of Redis, whose first word is the code. */
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

/** The listener of one subscription. Its functions must not throw. */
export interface MessageListener {
  /** Called for each message, with the name of the channel that it was published to. */
  message(channel: Buffer, payload: Buffer): void;
  /** Called once when the subscription has ended or cannot be made. No message comes after it. */
  lost(): void;
}

/** The memory that the replies of one request may use. */
export interface Budget {
  /**
   * Returns true when `bytes` more bytes fit, and takes them. After the first bytes that do not fit, none do.
   */
  take(bytes: number): boolean;
  /** How many bytes have been taken. */
  readonly taken: number;
  /** The error that replaces each reply that does not fit; undefined while all fit. */
  readonly refusal: ErrorReply | undefined;
}

/**
 * The store behind the gateway. Errors that it answers are replies ({@link ErrorReply}). When it cannot
 * answer, its functions reject with a HeadgateError, STORE_UNREACHABLE or STORE_TIMEOUT. No command is sent
 * twice, because a command without an answer may have run. When a reply does not fit into its budget, the
 * budget's refusal replaces the first part that does not fit, and later parts are meaningless.
 */
export interface Store {
  /** Runs one command. */
  call(command: Command, budget?: Budget): Promise<Reply>;
  /** Runs commands in order. A command that fails does not stop the others. */
  pipeline(commands: readonly Command[], budget?: Budget): Promise<readonly Reply[]>;
  /**
   * Runs commands without a command of another caller between them. Returns one {@link ErrorReply} when
   * nothing ran.
   */
  transaction(
    commands: readonly Command[],
    budget?: Budget,
  ): Promise<readonly Reply[] | ErrorReply>;
  /**
   * Subscribes. Once the store has confirmed it, resolves to a function that ends the subscription, or to an
   * {@link ErrorReply}. A subscription that the store ended is not made again. The caller must not make the
   * same subscription twice at a time, but share it among its clients.
   */
  subscribe(
    subscription: Subscription,
    listener: MessageListener,
  ): Promise<(() => void) | ErrorReply>;
  /** Closes the store. All its subscriptions end. */
  close(): Promise<void>;
}

import { formatSize } from "#lib/core/size";
import { type Budget, ErrorReply, type Reply } from "./store.ts";

/** The memory that an element of a reply uses in addition to its bytes, in bytes. */
export const ELEMENT_BYTES = 100;

/** How much each request may always use, whatever the others use, in bytes. */
const FREE_BYTES = 16_384;

/** The bounds of replies, in bytes. */
export interface ReplyBounds {
  /** The most that the replies of one request may use. */
  readonly replyBytes: number;
  /** The most that the replies of all requests in progress may use. */
  readonly allReplyBytes: number;
}

/** The memory that the replies of all requests in progress use. */
export class ReplyPool {
  readonly bounds: ReplyBounds;
  taken = 0;

  constructor(bounds: ReplyBounds) {
    this.bounds = bounds;
  }

  /** Opens the budget of one request. */
  open(): ReplyBudget {
    return new ReplyBudget(this);
  }
}

/**
 * The memory that the replies of one request may use. The bytes of each part of a reply are taken from the
 * budget before the part is kept. Once a part does not fit, no later part does: {@link refusal} replaces
 * them.
 */
export class ReplyBudget implements Budget {
  readonly #pool: ReplyPool;
  #taken = 0;
  #fromPool = 0;
  #refusal: ErrorReply | undefined;
  #refusedStatus = 400;
  #isReleased = false;

  constructor(pool: ReplyPool) {
    this.#pool = pool;
  }

  /** The status of a request whose only answer is the refusal: 503 when another attempt may succeed. */
  get refusedStatus(): number {
    return this.#refusedStatus;
  }

  get taken(): number {
    return this.#taken;
  }

  get refusal(): ErrorReply | undefined {
    return this.#refusal;
  }

  take(bytes: number): boolean {
    return !this.#refusal && this.#reserve(bytes);
  }

  /** Returns true when the replies fit as `bytes` bytes of text, and takes the difference. */
  grow(bytes: number): boolean {
    return bytes <= this.#taken || this.#reserve(bytes - this.#taken);
  }

  #reserve(bytes: number): boolean {
    if (this.#isReleased) return false;
    const { replyBytes, allReplyBytes } = this.#pool.bounds;
    const taken = this.#taken + bytes;
    if (taken > replyBytes) {
      const most = formatSize(replyBytes);
      this.#refusal = new ErrorReply(
        `ERR the replies of one request must use at most ${most}; the command may have run, and its reply was dropped. Request less at once`,
      );
      return false;
    }
    const fromPool = Math.max(0, taken - FREE_BYTES);
    const more = fromPool - this.#fromPool;
    if (this.#pool.taken + more > allReplyBytes) {
      const most = formatSize(allReplyBytes);
      this.#refusedStatus = 503;
      this.#refusal = new ErrorReply(
        `ERR the replies of all requests in progress use ${most} already; the command may have run, and its reply was dropped. Try again`,
      );
      return false;
    }
    this.#pool.taken += more;
    this.#fromPool = fromPool;
    this.#taken = taken;
    return true;
  }

  /** Returns the replies. From the first one that did not fit completely, each is replaced by the refusal. */
  whole(replies: readonly Reply[]): readonly Reply[] {
    const refusal = this.#refusal;
    if (!refusal) return replies;
    const first = replies.findIndex((reply) => holds(reply, refusal));
    return first === -1 ? replies : replies.map((reply, at) => (at < first ? reply : refusal));
  }

  /**
   * Returns the bytes to the pool when the client has its answer or has disconnected. After that no reply
   * fits.
   */
  release(): void {
    this.#isReleased = true;
    this.#refusal ??= new ErrorReply("ERR the client has disconnected");
    this.#pool.taken -= this.#fromPool;
    this.#fromPool = 0;
  }
}

function holds(reply: Reply, { message }: ErrorReply): boolean {
  if (reply instanceof ErrorReply) return reply.message === message;
  return Array.isArray(reply) && reply.some((element: Reply) => holds(element, { message }));
}

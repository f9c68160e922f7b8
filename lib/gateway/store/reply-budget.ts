import { formatSize } from "#lib/core/size";
import { type Budget, ErrorReply, type Reply } from "./store.ts";

/** What an element of a reply takes in memory beside its bytes, in bytes. */
export const ELEMENT_BYTES = 100;

/** What every request may have, however much the others have, in bytes. */
const FREE_BYTES = 16_384;

/** The bounds of replies, in bytes. */
export interface ReplyBounds {
  /** What the replies of one request may take. */
  readonly replyBytes: number;
  /** What the replies of all requests at work may take together. */
  readonly allReplyBytes: number;
}

/** What the replies of all requests at work take. */
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
 * What the replies of one request may take in memory. Every part of a reply is taken from it before
 * the part is kept. Once a part does not fit, no later part does: {@link refusal} stands for them.
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

  /** The status of a request that is answered with the refusal alone: 503 where it is worth another try. */
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

  /** Returns true when replies that have become so many bytes of text fit, and takes what they grew by. */
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
        `ERR the replies of one request must take at most ${most}; the command may have run, and its reply was dropped. Ask for less at once`,
      );
      return false;
    }
    const fromPool = Math.max(0, taken - FREE_BYTES);
    const more = fromPool - this.#fromPool;
    if (this.#pool.taken + more > allReplyBytes) {
      const most = formatSize(allReplyBytes);
      this.#refusedStatus = 503;
      this.#refusal = new ErrorReply(
        `ERR the replies of all requests at work take ${most} already; the command may have run, and its reply was dropped. Try again`,
      );
      return false;
    }
    this.#pool.taken += more;
    this.#fromPool = fromPool;
    this.#taken = taken;
    return true;
  }

  /** Returns the replies with the refusal in the place of those of which a part did not fit. */
  whole(replies: readonly Reply[]): readonly Reply[] {
    const refusal = this.#refusal;
    if (!refusal) return replies;
    const first = replies.findIndex((reply) => holds(reply, refusal));
    return first === -1 ? replies : replies.map((reply, at) => (at < first ? reply : refusal));
  }

  /** Returns the bytes to the pool when the client has its answer or has disconnected. No reply fits then. */
  release(): void {
    this.#isReleased = true;
    this.#refusal ??= new ErrorReply("ERR the client has gone");
    this.#pool.taken -= this.#fromPool;
    this.#fromPool = 0;
  }
}

function holds(reply: Reply, { message }: ErrorReply): boolean {
  if (reply instanceof ErrorReply) return reply.message === message;
  return Array.isArray(reply) && reply.some((element: Reply) => holds(element, { message }));
}

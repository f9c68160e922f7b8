import { ELEMENT_BYTES } from "./reply-budget.ts";
import type { Budget } from "./store.ts";

const NEWLINE = 10;
const BULK = 36;
const ARRAY = 42;
const NULL = Buffer.from("$-1\r\n");
const NOTHING = Buffer.alloc(0);

/** A range of memory, from one byte up to another (exclusive). */
interface Run {
  readonly memory: ArrayBufferLike;
  readonly from: number;
  to: number;
}

const NO_RUN: Run = { memory: NOTHING.buffer, from: 0, to: 0 };

/** The functions that connect a filter to the client that reads the replies of Redis. */
export interface FilterEnds {
  /** Returns the budget of the next reply; undefined when it has no budget. */
  readonly budget: () => Budget | undefined;
  /** Called with bytes of RESP2, before `budget` is called for the next reply. */
  readonly pass: (bytes: Buffer) => void;
}

/**
 * Filters the bytes that Redis sends (RESP2). Bytes are passed on while they fit into the budget of their
 * request. Bytes that do not fit are dropped as they arrive, so that they use no memory. In a reply, an error
 * replaces the first part that does not fit, and null each later part.
 */
export class ReplyFilter {
  readonly #ends: FilterEnds;
  /** How many elements are still missing from each open array. */
  readonly #open: number[] = [];
  /** The part of a line that has arrived. */
  #line: Buffer = NOTHING;
  /** How many bytes are still missing from a bulk string, with its line break. */
  #payload = 0;
  /** The depth of the open array from which on everything is dropped; Infinity while nothing is dropped. */
  #dropsFrom = Number.POSITIVE_INFINITY;
  #budget: Budget | undefined;
  /** True when an error has replaced a part of this reply. */
  #isTruncated = false;
  /** Adjacent bytes, which are passed on at once. */
  #run: Run = NO_RUN;

  constructor(ends: FilterEnds) {
    this.#ends = ends;
  }

  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#payload > 0 ? this.#onPayload(chunk, at) : this.#onLine(chunk, at);
    }
    this.#flush();
  }

  #onPayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#payload);
    this.#payload -= end - at;
    this.#pass(chunk.subarray(at, end));
    if (this.#payload === 0) this.#closeElement();
    return end;
  }

  #onLine(chunk: Buffer, at: number): number {
    const newline = chunk.indexOf(NEWLINE, at);
    const end = newline === -1 ? chunk.length : newline + 1;
    const part = chunk.subarray(at, end);
    this.#line = this.#line.length === 0 ? part : Buffer.concat([this.#line, part]);
    if (newline === -1) return end;
    const line = this.#line;
    this.#line = NOTHING;
    this.#openElement(line);
    return end;
  }

  #openElement(line: Buffer): void {
    const type = line[0];
    const count = type === BULK || type === ARRAY ? countIn(line) : -1;
    if (this.#open.length === 0) {
      this.#budget = this.#ends.budget();
      this.#isTruncated = false;
    }
    const isDropped = this.#isDropping() || !this.#fits(type, count, line.length);
    if (isDropped && !this.#isDropping()) this.#truncate();
    else this.#pass(line);
    if (type === BULK && count >= 0) this.#payload = count + 2;
    else if (type === ARRAY && count > 0) this.#open.push(count);
    else this.#closeElement();
  }

  #fits(type: number | undefined, count: number, lineBytes: number): boolean {
    if (!this.#budget) return true;
    // An array takes the bytes of all its elements at once, so that a truncated reply is not long either.
    const bytes = type === ARRAY ? Math.max(count, 0) * ELEMENT_BYTES : Math.max(count, lineBytes);
    return this.#budget.take(bytes);
  }

  #truncate(): void {
    const message = this.#budget?.refusal?.message ?? "ERR the reply is too large";
    this.#pass(this.#isTruncated ? NULL : Buffer.from(`-${message}\r\n`));
    this.#isTruncated = true;
    this.#dropsFrom = this.#open.length;
  }

  #isDropping(): boolean {
    return this.#dropsFrom !== Number.POSITIVE_INFINITY;
  }

  #pass(bytes: Buffer): void {
    if (this.#isDropping()) return;
    const { memory, to } = this.#run;
    if (this.#run === NO_RUN || bytes.buffer !== memory || bytes.byteOffset !== to) {
      this.#flush();
      this.#run = { memory: bytes.buffer, from: bytes.byteOffset, to: bytes.byteOffset };
    }
    this.#run.to += bytes.length;
  }

  #flush(): void {
    const { memory, from, to } = this.#run;
    this.#run = NO_RUN;
    if (to > from) this.#ends.pass(Buffer.from(memory as ArrayBuffer, from, to - from));
  }

  #closeElement(): void {
    for (;;) {
      const left = this.#open.at(-1);
      if (this.#open.length <= this.#dropsFrom) this.#dropsFrom = Number.POSITIVE_INFINITY;
      // The reply is complete. The next one has another budget.
      if (left === undefined) return this.#flush();
      if (left > 1) {
        this.#open[this.#open.length - 1] = left - 1;
        return;
      }
      this.#open.pop();
    }
  }
}

/** Returns the number in a line such as `$12\r\n`; -1 for `$-1`. */
function countIn(line: Buffer): number {
  let count = 0;
  // The digits are read without a string, because there may be millions of lines.
  for (let at = 1; at < line.length - 2; at += 1) {
    const digit = (line[at] ?? 0) - 48;
    if (digit < 0) return -1;
    count = count * 10 + digit;
  }
  return count;
}

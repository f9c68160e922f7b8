import { Blocks } from "./blocks.ts";
import type { Bytes } from "./bytes.ts";

/** A member of a sorted set, and its score. */
export interface Scored {
  readonly member: Bytes;
  readonly score: number;
}

/** One end of a range of scores; `isOpen` leaves the score itself out. */
export interface ScoreBound {
  readonly score: number;
  readonly isOpen: boolean;
}

const ENTRY_BYTES = 180;

/** A sorted set: by score, and by the members' bytes where scores are the same. */
export class SortedSet {
  readonly type = "zset";
  bytes = 0;
  readonly #scores = new Map<Bytes, number>();
  readonly #sorted = new Blocks<Scored>();

  get size(): number {
    return this.#sorted.length;
  }

  get isEmpty(): boolean {
    return this.#sorted.length === 0;
  }

  score(member: Bytes): number | undefined {
    return this.#scores.get(member);
  }

  /** Adds a member, or moves it to another score. */
  set(member: Bytes, score: number): void {
    const before = this.#scores.get(member);
    if (before === score) return;
    if (before === undefined) this.bytes += ENTRY_BYTES + member.length;
    else this.#removeAt(this.#place(member, before));
    // Zero has no sign here: Redis keeps it as a whole number.
    const kept = score + 0;
    this.#scores.set(member, kept);
    this.#sorted.insert(this.#place(member, kept), { member, score: kept });
  }

  delete(member: Bytes): boolean {
    const rank = this.rank(member);
    if (rank === undefined) return false;
    this.removeRange(rank, rank + 1);
    return true;
  }

  /** How many come before the member. */
  rank(member: Bytes): number | undefined {
    const score = this.#scores.get(member);
    return score === undefined ? undefined : this.#place(member, score);
  }

  /** From a place up to another, which is not included. */
  slice(start: number, end: number): readonly Scored[] {
    return this.#sorted.slice(start, end);
  }

  /** Removes what `slice` would answer, and answers how many that were. */
  removeRange(start: number, end: number): number {
    const removed = this.#sorted.remove(start, end);
    for (const { member } of removed) {
      this.#scores.delete(member);
      this.bytes -= ENTRY_BYTES + member.length;
    }
    return removed.length;
  }

  /** The places that a range of scores takes, its end not included. */
  places(min: ScoreBound, max: ScoreBound): readonly [start: number, end: number] {
    const start = this.#sorted.first(({ score }) =>
      min.isOpen ? score > min.score : score >= min.score,
    );
    const end = this.#sorted.first(({ score }) =>
      max.isOpen ? score >= max.score : score > max.score,
    );
    return [start, Math.max(start, end)];
  }

  #removeAt(place: number): void {
    this.#sorted.remove(place, place + 1);
  }

  #place(member: Bytes, score: number): number {
    return this.#sorted.first((each) =>
      each.score === score ? each.member >= member : each.score > score,
    );
  }
}

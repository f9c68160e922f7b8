import { Blocks } from "./blocks.ts";
import type { Bytes } from "./bytes.ts";

/** A member of a sorted set, and its score. */
export interface Scored {
  readonly member: Bytes;
  readonly score: number;
}

/** One end of a range of scores. `isOpen` excludes the score itself. */
export interface ScoreBound {
  readonly score: number;
  readonly isOpen: boolean;
}

const ENTRY_BYTES = 180;

/** A sorted set, ordered by score, and by the members' bytes when scores are equal. */
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
    // Zero has no sign here, because Redis stores it as a whole number.
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

  /** Returns how many members come before the member; undefined when it is not in the set. */
  rank(member: Bytes): number | undefined {
    const score = this.#scores.get(member);
    return score === undefined ? undefined : this.#place(member, score);
  }

  /** Returns the members from a place up to another (exclusive). */
  slice(start: number, end: number): readonly Scored[] {
    return this.#sorted.slice(start, end);
  }

  /** Removes the members that `slice` would return, and returns their number. */
  removeRange(start: number, end: number): number {
    const removed = this.#sorted.remove(start, end);
    for (const { member } of removed) {
      this.#scores.delete(member);
      this.bytes -= ENTRY_BYTES + member.length;
    }
    return removed.length;
  }

  /** Returns the places of a range of scores, with an exclusive end. */
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

/** The most items in a block. */
const MOST = 512;

/** An array in blocks, so that adding or removing an item costs the same however many others there are. */
export class Blocks<T> {
  #length = 0;
  readonly #blocks: T[][] = [];

  get length(): number {
    return this.#length;
  }

  /** Returns the item at a place. A negative place counts from the end. */
  at(place: number): T | undefined {
    const from = place < 0 ? place + this.#length : place;
    if (from < 0 || from >= this.#length) return undefined;
    const [block, within] = this.#find(from);
    return this.#blocks[block]?.[within];
  }

  insert(place: number, item: T): void {
    const [at, within] = this.#find(place);
    const block = this.#blocks[at];
    this.#length += 1;
    if (!block) {
      this.#blocks.push([item]);
      return;
    }
    block.splice(within, 0, item);
    if (block.length > MOST) this.#blocks.splice(at + 1, 0, block.splice(MOST / 2));
  }

  replace(place: number, item: T): void {
    const [at, within] = this.#find(place);
    this.#blocks[at]?.splice(within, 1, item);
  }

  /** Removes and returns the items from `start` up to `end` (exclusive). */
  remove(start: number, end: number): T[] {
    const removed: T[] = [];
    let [at, within] = this.#find(start);
    let left = Math.min(end, this.#length) - start;
    while (left > 0) {
      const block = this.#blocks[at] ?? [];
      const some = block.splice(within, left);
      for (const item of some) removed.push(item);
      left -= some.length;
      if (block.length === 0) this.#blocks.splice(at, 1);
      else at += 1;
      within = 0;
    }
    this.#length -= removed.length;
    return removed;
  }

  /** Returns the items from `start` up to `end` (exclusive). */
  slice(start = 0, end = this.#length): T[] {
    const items: T[] = [];
    let [at, within] = this.#find(start);
    let left = Math.min(end, this.#length) - start;
    while (left > 0) {
      const block = this.#blocks[at] ?? [];
      const stop = Math.min(block.length, within + left);
      for (let place = within; place < stop; place += 1) items.push(block[place] as T);
      left -= stop - within;
      at += 1;
      within = 0;
    }
    return items;
  }

  /** Returns the first place whose item satisfies `holds`, which all later items must satisfy too. */
  first(holds: (item: T) => boolean): number {
    const at = firstOf(this.#blocks, (block) => holds(block.at(-1) as T));
    let before = 0;
    for (let index = 0; index < at; index += 1) before += this.#blocks[index]?.length ?? 0;
    return before + firstOf(this.#blocks[at] ?? [], holds);
  }

  /** Returns the block of a place, and the place within it. The end belongs to the last block. */
  #find(place: number): readonly [block: number, within: number] {
    if (place >= this.#length / 2) return this.#findFromEnd(place);
    let [at, before] = [0, 0];
    for (;;) {
      const size = this.#blocks[at]?.length ?? Infinity;
      if (place < before + size) return [at, place - before];
      before += size;
      at += 1;
    }
  }

  #findFromEnd(place: number): readonly [block: number, within: number] {
    let at = Math.max(0, this.#blocks.length - 1);
    let before = this.#length - (this.#blocks[at]?.length ?? 0);
    while (place < before) {
      at -= 1;
      before -= this.#blocks[at]?.length ?? 0;
    }
    return [at, place - before];
  }
}

function firstOf<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}

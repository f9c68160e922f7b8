/**
 * A map that drops entries that were not used for long. It keeps at least the last `most / 2` keys that were
 * read or set, and never more than `most`. No value is undefined.
 *
 * The map has two generations. A key that is used moves into the younger one. When the younger generation is
 * full, it becomes the older one, and the entries of the older one are dropped. So each call costs at most
 * four calls of a Map, however many keys there are.
 *
 * One Map in the order of use would keep exactly `most` keys. But a search for its oldest key passes the slots of
 * all keys that were deleted before: with 10,000 keys, this takes 10 microseconds or more for each new key.
 */
export class BoundedMap<Key, Value> {
  readonly #mostInOne: number;
  #younger = new Map<Key, Value>();
  #older = new Map<Key, Value>();

  /** @param most the most entries, a whole number from 2 */
  constructor(most: number) {
    this.#mostInOne = Math.floor(most / 2);
  }

  get isEmpty(): boolean {
    return this.#younger.size === 0 && this.#older.size === 0;
  }

  get(key: Key): Value | undefined {
    const value = this.#younger.get(key);
    if (value !== undefined) return value;
    const found = this.#older.get(key);
    if (found !== undefined) this.set(key, found);
    return found;
  }

  set(key: Key, value: Value): void {
    if (this.#younger.size >= this.#mostInOne && !this.#younger.has(key)) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(key, value);
  }

  delete(key: Key): void {
    this.#younger.delete(key);
    this.#older.delete(key);
  }

  /** Returns every value, each once. */
  values(): Iterable<Value> {
    return new Map([...this.#older, ...this.#younger]).values();
  }
}

/**
 * A map that forgets what was not used for long: it keeps at least the last `most / 2` keys that were read
 * or set, and never holds more than `most`. No value is undefined.
 *
 * It keeps two generations. A key that is used moves into the younger one; when that is full, it becomes
 * the older one, and what was in the older one is forgotten. So each call costs the time of at most four
 * calls of a Map, however many keys come. One Map in the order of use would keep exactly `most`, but finding
 * its oldest key passes over the places of all keys that were deleted before it: with 10,000 keys, 10
 * microseconds and more for each new one.
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

  /** Every value that is kept, each once. */
  values(): Iterable<Value> {
    return new Map([...this.#older, ...this.#younger]).values();
  }
}

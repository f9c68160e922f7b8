import type { Bytes } from "./bytes.ts";
import { CommandError, WRONG_TYPE } from "./errors.ts";
import { SortedSet } from "./sorted-set.ts";
import { Stream } from "./stream.ts";
import { Hash, List, MemberSet, Text, type Value } from "./values.ts";

interface Entry {
  value: Value;
  /** When it is gone, in milliseconds since 1970. */
  expiresAt: number | undefined;
  /** What it is reckoned to take, in bytes. */
  bytes: number;
  /** Grows with each key that is made: where a scan goes on. */
  readonly serial: number;
}

/** What a key takes beside its name and its value. */
const ENTRY_BYTES = 150;

/**
 * The keys of the store: in memory, with their times to live and an estimate of what they take.
 * `now` is set before each command; a key whose time has come is gone for whoever looks.
 */
export class Keyspace {
  /** The time of the command, in milliseconds since 1970. */
  now = 0;
  #entries = new Map<Bytes, Entry>();
  #expiring = new Set<Bytes>();
  #sweeping: Iterator<Bytes> | undefined;
  #bytes = 0;
  #serial = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** An estimate of the memory that all keys take. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: Bytes): Value | undefined {
    return this.#live(key)?.value;
  }

  /** @throws {CommandError} WRONGTYPE */
  text(key: Bytes): Bytes | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (value instanceof Text) return value.text;
    throw new CommandError(WRONG_TYPE);
  }

  /** @throws {CommandError} WRONGTYPE */
  hash(key: Bytes): Hash | undefined {
    return this.#typed(key, Hash);
  }

  /** @throws {CommandError} WRONGTYPE */
  list(key: Bytes): List | undefined {
    return this.#typed(key, List);
  }

  /** @throws {CommandError} WRONGTYPE */
  set(key: Bytes): MemberSet | undefined {
    return this.#typed(key, MemberSet);
  }

  /** @throws {CommandError} WRONGTYPE */
  sortedSet(key: Bytes): SortedSet | undefined {
    return this.#typed(key, SortedSet);
  }

  /** @throws {CommandError} WRONGTYPE */
  stream(key: Bytes): Stream | undefined {
    return this.#typed(key, Stream);
  }

  /** Puts a value in the place of whatever was there; its time to live stays. */
  put(key: Bytes, value: Value): void {
    const entry = this.#live(key);
    if (entry) entry.value = value;
    else this.#add(key, value);
    this.changed(key);
  }

  /** To be called after a value was changed: an empty one is gone, and sizes are reckoned anew. */
  changed(key: Bytes): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    if (entry.value.isEmpty) {
      this.delete(key);
      return;
    }
    const bytes = ENTRY_BYTES + key.length + entry.value.bytes;
    this.#bytes += bytes - entry.bytes;
    entry.bytes = bytes;
  }

  delete(key: Bytes): boolean {
    const entry = this.#live(key);
    if (entry) this.#remove(key, entry);
    return entry !== undefined;
  }

  expiresAt(key: Bytes): number | undefined {
    return this.#live(key)?.expiresAt;
  }

  /** When a key is to be gone, in milliseconds since 1970; undefined for never. */
  expireAt(key: Bytes, at: number | undefined): void {
    const entry = this.#live(key);
    if (!entry) return;
    if (at !== undefined && at <= this.now) {
      this.#remove(key, entry);
      return;
    }
    entry.expiresAt = at;
    if (at === undefined) this.#expiring.delete(key);
    else this.#expiring.add(key);
  }

  clear(): void {
    this.#entries = new Map();
    this.#expiring = new Set();
    this.#sweeping = undefined;
    this.#bytes = 0;
  }

  /** Looks at some of the keys that have a time to live, and removes those whose time has come. */
  sweep(steps: number): void {
    for (let step = 0; step < steps && this.#expiring.size > 0; step += 1) {
      this.#sweeping ??= this.#expiring.values();
      const { value: key, done } = this.#sweeping.next();
      if (done) this.#sweeping = undefined;
      else this.#live(key);
    }
  }

  /** The keys made after a serial number, oldest first, each with its own. */
  *after(serial: number): Generator<readonly [key: Bytes, serial: number]> {
    for (const [key, entry] of this.#entries) {
      if (entry.serial > serial && this.#live(key)) yield [key, entry.serial];
    }
  }

  #typed<T extends Value>(key: Bytes, type: new () => T): T | undefined {
    const value = this.get(key);
    if (value === undefined || value instanceof type) return value;
    throw new CommandError(WRONG_TYPE);
  }

  #live(key: Bytes): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresAt === undefined || entry.expiresAt > this.now) return entry;
    this.#remove(key, entry);
    return undefined;
  }

  #add(key: Bytes, value: Value): void {
    this.#serial += 1;
    this.#entries.set(key, { value, expiresAt: undefined, bytes: 0, serial: this.#serial });
  }

  #remove(key: Bytes, entry: Entry): void {
    this.#entries.delete(key);
    this.#expiring.delete(key);
    this.#bytes -= entry.bytes;
  }
}

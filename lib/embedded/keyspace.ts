import type { Bytes } from "./bytes.ts";
import { CommandError, WRONG_TYPE } from "./errors.ts";
import { SortedSet } from "./sorted-set.ts";
import { Stream } from "./stream.ts";
import { Hash, List, MemberSet, Text, type Value } from "./values.ts";

interface Entry {
  value: Value;
  /** When the key expires, in milliseconds since 1970. */
  expiresAt: number | undefined;
  /** The estimated memory of the key, in bytes. */
  bytes: number;
  /** A number that grows with each new key, from which a scan continues. */
  readonly serial: number;
}

/** The memory of a key in addition to its name and value, in bytes. */
const ENTRY_BYTES = 150;

/**
 * The keys of the store in memory, with their times to live and an estimate of their memory. `now` is set
 * before each command. Commands do not see keys that have expired.
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

  /** The estimated memory of all keys, in bytes. */
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

  /** Replaces the value of a key, and keeps its time to live. */
  put(key: Bytes, value: Value): void {
    const entry = this.#live(key);
    if (entry) entry.value = value;
    else this.#add(key, value);
    this.changed(key);
  }

  /** Must be called after a value has changed. Deletes an empty value, and updates the estimate of memory. */
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

  /** Sets when a key expires, in milliseconds since 1970; undefined for never. */
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

  /** Checks `steps` of the keys that have a time to live, and removes those that have expired. */
  sweep(steps: number): void {
    for (let step = 0; step < steps && this.#expiring.size > 0; step += 1) {
      this.#sweeping ??= this.#expiring.values();
      const { value: key, done } = this.#sweeping.next();
      if (done) this.#sweeping = undefined;
      else this.#live(key);
    }
  }

  /** Yields the keys that were made after a serial number, oldest first, each with its serial number. */
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

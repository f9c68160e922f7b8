import { Blocks } from "./blocks.ts";
import type { Bytes } from "./bytes.ts";
import type { Result } from "./result.ts";
import { compareIds, FIRST_ID, type StreamId, writeId } from "./stream-id.ts";

/** An item with an id, ordered by it. */
interface Identified {
  readonly id: StreamId;
}

/** An entry of a stream: fields and values in turn. */
export interface Entry extends Identified {
  readonly fields: readonly Bytes[];
}

/** An entry that a consumer was given and has not acknowledged. */
export interface Pending extends Identified {
  consumer: Bytes;
  /** Milliseconds since 1970. */
  deliveredAt: number;
  deliveries: number;
}

/** Items in the order of their ids. */
export class Ordered<T extends Identified> {
  readonly items = new Blocks<T>();

  /** Returns the place of an id, or where it would be. */
  place(id: StreamId): number {
    return this.items.first((item) => compareIds(item.id, id) >= 0);
  }

  get(id: StreamId): T | undefined {
    const item = this.items.at(this.place(id));
    return item && compareIds(item.id, id) === 0 ? item : undefined;
  }

  set(item: T): void {
    const place = this.place(item.id);
    if (this.get(item.id)) this.items.replace(place, item);
    else this.items.insert(place, item);
  }

  delete(id: StreamId): T | undefined {
    const place = this.place(id);
    return this.get(id) && this.items.remove(place, place + 1)[0];
  }

  /** Returns the items from one id to another (inclusive). */
  between(from: StreamId, to: StreamId): T[] {
    const start = this.place(from);
    const end = this.place(to);
    return this.items.slice(start, this.get(to) ? end + 1 : end);
  }
}

/** A group of consumers, which share a stream's entries. */
export class Group {
  lastId: StreamId;
  readonly pending = new Ordered<Pending>();
  /** When each consumer last read, in milliseconds since 1970. */
  readonly consumers = new Map<Bytes, number>();

  constructor(lastId: StreamId) {
    this.lastId = lastId;
  }

  /** Returns how many entries each consumer has not acknowledged. */
  pendingCounts(): ReadonlyMap<Bytes, number> {
    const counts = new Map<Bytes, number>();
    for (const { consumer } of this.pending.items.slice()) {
      counts.set(consumer, (counts.get(consumer) ?? 0) + 1);
    }
    return counts;
  }

  pendingOf(consumer: Bytes): Pending[] {
    return this.pending.items.slice().filter((entry) => entry.consumer === consumer);
  }
}

const ENTRY_BYTES = 100;

/** A stream. It remains when its last entry is deleted. */
export class Stream {
  readonly type = "stream";
  readonly isEmpty = false;
  readonly entries = new Ordered<Entry>();
  readonly groups = new Map<Bytes, Group>();
  lastId: StreamId = FIRST_ID;
  #entryBytes = 0;

  get bytes(): number {
    const pending = [...this.groups.values()].map((group) => group.pending.items.length);
    return this.#entryBytes + pending.reduce((sum, count) => sum + count * ENTRY_BYTES, 0);
  }

  add(entry: Entry): void {
    this.entries.set(entry);
    this.lastId = entry.id;
    this.#entryBytes += sizeOf(entry);
  }

  delete(id: StreamId): boolean {
    const entry = this.entries.delete(id);
    if (entry) this.#entryBytes -= sizeOf(entry);
    return entry !== undefined;
  }

  /** Removes the oldest `count` entries. */
  dropOldest(count: number): void {
    for (const entry of this.entries.items.remove(0, count)) this.#entryBytes -= sizeOf(entry);
  }
}

function sizeOf({ fields }: Entry): number {
  return fields.reduce((sum, field) => sum + field.length, ENTRY_BYTES);
}

/** Returns an entry as the result of a command. */
export function writeEntry({ id, fields }: Entry): Result {
  return [writeId(id), [...fields]];
}

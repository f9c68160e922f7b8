import { Blocks } from "./blocks.ts";
import type { Bytes } from "./bytes.ts";
import type { SortedSet } from "./sorted-set.ts";
import type { Stream } from "./stream.ts";

/** The value of a key. `type` is the reply of TYPE. Sizes are estimates, in bytes. */
export type Value = Text | Hash | List | MemberSet | SortedSet | Stream;

/** A string. */
export class Text {
  readonly type = "string";
  readonly text: Bytes;

  constructor(text: Bytes) {
    this.text = text;
  }

  get bytes(): number {
    return this.text.length;
  }

  get isEmpty(): boolean {
    return false;
  }
}

/** The memory of a field and its value in addition to their texts, in bytes. */
const FIELD_BYTES = 100;

/** A hash. */
export class Hash {
  readonly type = "hash";
  readonly fields = new Map<Bytes, Bytes>();
  bytes = 0;

  get isEmpty(): boolean {
    return this.fields.size === 0;
  }

  /** Sets a field and returns true when it is new. */
  set(field: Bytes, value: Bytes): boolean {
    const before = this.fields.get(field);
    this.fields.set(field, value);
    this.bytes += value.length - (before?.length ?? -(FIELD_BYTES + field.length));
    return before === undefined;
  }

  delete(field: Bytes): boolean {
    const value = this.fields.get(field);
    if (value === undefined) return false;
    this.bytes -= FIELD_BYTES + field.length + value.length;
    return this.fields.delete(field);
  }
}

const ITEM_BYTES = 40;

/** A list. */
export class List {
  readonly type = "list";
  readonly items = new Blocks<Bytes>();
  bytes = 0;

  get isEmpty(): boolean {
    return this.items.length === 0;
  }

  push(side: "left" | "right", item: Bytes): void {
    this.bytes += ITEM_BYTES + item.length;
    this.items.insert(side === "left" ? 0 : this.items.length, item);
  }

  pop(side: "left" | "right"): Bytes | undefined {
    const place = side === "left" ? 0 : this.items.length - 1;
    const [item] = this.isEmpty ? [] : this.items.remove(place, place + 1);
    if (item !== undefined) this.bytes -= ITEM_BYTES + item.length;
    return item;
  }

  /** Keeps the items between two places. `end` is exclusive. */
  keep(start: number, end: number): void {
    this.drop(this.items.remove(end, this.items.length));
    this.drop(this.items.remove(0, start));
  }

  private drop(dropped: readonly Bytes[]): void {
    for (const item of dropped) this.bytes -= ITEM_BYTES + item.length;
  }
}

const MEMBER_BYTES = 70;

/** A set. */
export class MemberSet {
  readonly type = "set";
  readonly members = new Set<Bytes>();
  bytes = 0;

  get isEmpty(): boolean {
    return this.members.size === 0;
  }

  /** Adds a member and returns true when it is new. */
  add(member: Bytes): boolean {
    if (this.members.has(member)) return false;
    this.members.add(member);
    this.bytes += MEMBER_BYTES + member.length;
    return true;
  }

  delete(member: Bytes): boolean {
    if (!this.members.delete(member)) return false;
    this.bytes -= MEMBER_BYTES + member.length;
    return true;
  }
}

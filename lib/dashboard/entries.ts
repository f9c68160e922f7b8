import type { Control, ControlEntry } from "#lib/control/types";
import { type Clock, monotonic } from "#lib/core/clock";
import type { GateMode } from "#lib/core/mode";
import type { ControlNow } from "./model.ts";

/** So many entries are sent to a page. */
const MOST_ENTRIES = 100;

/** What entries are read of. */
export interface EntriesParts extends Pick<ControlNow, "isFollowed"> {
  readonly control: Pick<Control, "list">;
}

/** An entry, and when it ends on the instance's monotonic clock. */
interface Held {
  readonly entry: ControlEntry;
  readonly endsAt: number;
}

/** What is set while the app runs, as this process read it last. */
export class Entries {
  readonly #parts: EntriesParts;
  readonly #clock: Clock;
  /** In the order in which they end. Undefined until they were read. */
  #held: readonly Held[] | undefined;
  /** Entries that cannot be read: nothing says when they end. */
  #unreadable: readonly ControlEntry[] = [];
  /** How many of them have ended. */
  #ended = 0;
  #version: string | undefined;
  #readings = 0;

  /** @param clock milliseconds that never go back */
  constructor(parts: EntriesParts, clock: Clock = monotonic) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /**
   * Reads the entries where their version is another than that of the last reading.
   *
   * @throws {StoreError} where the store does not answer
   */
  async follow(version: string): Promise<void> {
    if (version === this.#version) return;
    await this.read();
    this.#version = version;
  }

  /**
   * Reads the entries.
   *
   * @throws {StoreError} where the store does not answer
   */
  async read(): Promise<void> {
    const entries = await this.#parts.control.list();
    const now = this.#clock();
    this.#held = entries
      .filter(({ kind }) => kind !== "unreadable")
      .map((entry) => ({ entry, endsAt: now + entry.endsInMs }));
    this.#unreadable = entries.filter(({ kind }) => kind === "unreadable");
    this.#ended = 0;
    this.#readings += 1;
  }

  /** Names what is set: it changes with each reading, and when an entry ends. Undefined before the first reading. */
  key(): string | undefined {
    if (!this.#held) return undefined;
    const now = this.#clock();
    while ((this.#held[this.#ended]?.endsAt ?? Infinity) <= now) this.#ended += 1;
    return `${this.#readings} ${this.#ended}`;
  }

  /** Returns what is set, for a viewer. */
  now(admin: string | null): ControlNow {
    const now = this.#clock();
    const held = this.#inForce();
    const shown = held
      .slice(0, MOST_ENTRIES)
      .map(({ entry, endsAt }) => ({ ...entry, endsInMs: Math.round(endsAt - now) }));
    return {
      entries: [...this.#unreadable, ...shown].slice(0, MOST_ENTRIES),
      more: Math.max(0, this.#unreadable.length + held.length - MOST_ENTRIES),
      isFollowed: this.#parts.isFollowed,
      admin,
    };
  }

  /** Returns the mode that is set for everything; undefined where no mode is set, or the gate has no `live`. */
  mode(): GateMode | undefined {
    if (!this.#parts.isFollowed) return undefined;
    for (const { entry } of this.#inForce()) {
      if (entry.kind === "mode" && entry.rule === null && entry.isUsable) return entry.mode;
    }
    return undefined;
  }

  #inForce(): readonly Held[] {
    this.key();
    return this.#held?.slice(this.#ended) ?? [];
  }
}

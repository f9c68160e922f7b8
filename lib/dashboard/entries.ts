import type { Control, ControlEntry } from "#lib/control/types";
import { type Clock, monotonic } from "#lib/core/clock";
import type { GateMode } from "#lib/core/mode";
import type { ControlNow } from "./model.ts";

/** The most entries that are sent to a page. */
const MOST_ENTRIES = 100;

/** The parts that are needed to read entries. */
export interface EntriesParts extends Pick<ControlNow, "isFollowed"> {
  readonly control: Pick<Control, "list">;
}

/** An entry, and when it ends on the instance's monotonic clock. */
interface Held {
  readonly entry: ControlEntry;
  readonly endsAt: number;
}

/** What is set while the app runs, from the last reading of this process. */
export class Entries {
  readonly #parts: EntriesParts;
  readonly #clock: Clock;
  /** The entries in the order of their ends; undefined until they are read. */
  #held: readonly Held[] | undefined;
  /** Entries that cannot be parsed, whose ends are unknown. */
  #unreadable: readonly ControlEntry[] = [];
  /** The number of entries that have ended. */
  #ended = 0;
  #version: string | undefined;
  #readings = 0;

  /** @param clock milliseconds that never go back */
  constructor(parts: EntriesParts, clock: Clock = monotonic) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /**
   * Reads the entries if their version differs from that of the last reading.
   *
   * @throws {StoreError} when the store is unavailable
   */
  async follow(version: string): Promise<void> {
    if (version === this.#version) return;
    await this.read();
    this.#version = version;
  }

  /**
   * Reads the entries.
   *
   * @throws {StoreError} when the store is unavailable
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

  /**
   * Returns a key of what is set, which changes with each reading and when an entry ends; undefined before
   * the first reading.
   */
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

  /** Returns the mode that is set for all rules; undefined when no mode is set, or the gate has no `live`. */
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

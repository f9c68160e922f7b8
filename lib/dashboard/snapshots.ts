import { type Clock, monotonic } from "#lib/core/clock";
import type { GateMode } from "#lib/core/mode";
import type { Keys } from "#lib/redis/keys";
import { asStoreError } from "#lib/redis/errors";
import type { Probed } from "#lib/redis/probe";
import type { Entries } from "./entries.ts";
import { HOUR_MS, Hours, MINUTE_MS } from "./hours.ts";
import type { Snapshot } from "./model.ts";
import { RateMeter } from "./rates.ts";
import {
  type Reading,
  readHours,
  readNow,
  readSlow,
  type SlowReading,
  type StoreReading,
} from "./reading.ts";
import type { RuleWords } from "./rules.ts";
import { historyOf } from "./series.ts";
import { snapshotOf } from "./snapshot.ts";
import type { Requester } from "#lib/redis/upstash-protocol";

/**
 * The shortest time between two readings of the store, in milliseconds: a little less than the second after
 * which pages request data.
 */
const READ_EVERY_MS = 900;

/** The longest time between two readings while a page is open and nothing is announced, in milliseconds. */
const QUIET_MS = 5_000;

/** The time between two readings of memory and locks, and between two probes by a write, in milliseconds. */
const SLOW_EVERY_MS = 5_000;

/**
 * How long past hours are read, in milliseconds; the rest is read with the next reading. Each call has twice
 * as many hours as the one before. So no call takes much longer than this, however many rules there are, and
 * none comes near its deadline.
 */
const ENDED_MS = 150;

/** How long one snapshot serves all pages, in milliseconds. Each page requests one a second. */
const SHARED_MS = 900;

/** The parts that make snapshots. */
export interface SnapshotParts {
  readonly requester: Requester;
  readonly keys: Keys;
  /** Makes the store run a script that writes. */
  readonly probe: () => Promise<Probed>;
  readonly namespace: string;
  /** HEADGATE_MODE. */
  readonly mode: GateMode;
  /** What is set while the app runs. It is read again when a reading finds another version. */
  readonly entries: Pick<Entries, "follow" | "mode">;
  readonly rules: readonly RuleWords[];
  readonly isCluster: boolean;
  /** The time over which rates are averaged, in milliseconds. */
  readonly rateSpanMs: number;
}

/**
 * The numbers of a dashboard, shared by all pages that one process serves. Each page requests a snapshot once
 * a second. The first request after a reading is due makes it, and the others get the last data. No promise
 * is shared, because in workerd no request may wait for the call of another.
 */
export class Snapshots {
  readonly #parts: SnapshotParts;
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #hours = new Hours();
  readonly #rates: RateMeter;
  #reading: Reading | undefined;
  #slow: SlowReading = {};
  #store: StoreReading = { readAt: null };
  #probed: Probed | undefined;
  /** When the newest answered reading began. */
  #readingAt = -Infinity;
  #nextAt = -Infinity;
  #nextQuietAt = -Infinity;
  #nextSlowAt = -Infinity;
  #nextEndedAt = -Infinity;
  #hasChanged = true;
  #shared: Snapshot | undefined;
  #sharedUntil = -Infinity;
  #history: { readonly key: string; readonly json: string } | undefined;

  /**
   * @param clock milliseconds that never go back
   * @param now milliseconds since 1970
   */
  constructor(parts: SnapshotParts, clock: Clock = monotonic, now: () => number = Date.now) {
    this.#parts = parts;
    this.#clock = clock;
    this.#now = now;
    this.#rates = new RateMeter(parts.rateSpanMs);
  }

  /**
   * Must be called when something was counted. The next snapshot then reads the store, once a second has
   * passed.
   */
  changed(): void {
    this.#hasChanged = true;
  }

  /**
   * Returns the current numbers. It reads the store if a reading is due. It does not reject when the store
   * fails: the last numbers stay, with their age.
   *
   * @param isAnnounced true when `changed` is called for each change; otherwise a reading is due each second
   */
  async take(isAnnounced: boolean): Promise<Snapshot> {
    const at = this.#clock();
    const isDue = !isAnnounced || this.#hasChanged || at >= this.#nextQuietAt;
    if (isDue && at >= this.#nextAt) await this.#read(at);
    if (!this.#shared || at >= this.#sharedUntil) {
      this.#shared = this.#make(isAnnounced);
      this.#sharedUntil = at + SHARED_MS;
    }
    return { ...this.#shared, sentAt: this.#now(), source: isAnnounced ? "pub-sub" : "polling" };
  }

  #make(isAnnounced: boolean): Snapshot {
    // Without an announcement the counters are unchanged.
    if (this.#reading && !this.#store.error) this.#rates.take(this.#reading.totals, this.#now());
    const setMode = this.#parts.entries.mode();
    return snapshotOf({
      ...this.#parts,
      mode: setMode ?? this.#parts.mode,
      isModeSet: setMode !== undefined,
      now: this.#now(),
      isAnnounced,
      hours: this.#hours,
      rates: this.#rates.rates(),
      reading: this.#reading,
      slow: this.#slow,
      store: this.#store,
    });
  }

  /** Returns a key of the history, which changes each minute, and when an hour was read again. */
  historyKey(): string {
    return `${Math.floor(this.#now() / MINUTE_MS)} ${this.#hours.version}`;
  }

  /**
   * Returns the history of the charts, a `History`, as JSON. It is shared because it is long and the same for
   * all pages.
   */
  historyJson(): string {
    const key = this.historyKey();
    if (this.#history?.key !== key) {
      this.#history = { key, json: JSON.stringify(historyOf(this.#hours, this.#now())) };
    }
    return this.#history.json;
  }

  async #read(at: number): Promise<void> {
    this.#nextAt = at + READ_EVERY_MS;
    this.#nextQuietAt = at + QUIET_MS;
    this.#hasChanged = false;
    try {
      const now = this.#now();
      const running = now - (now % HOUR_MS);
      const ended = this.#hours.due(now).filter((start) => start < running);
      const [reading, hours] = await Promise.all([
        readNow(this.#parts, [running, running - HOUR_MS]),
        readHours(this.#parts, [running]),
        this.#readSlow(at),
      ]);
      if (this.#isOvertaken(at)) return;
      this.#hours.keep(running, hours[0] ?? [], now);
      this.#reading = reading;
      const error = this.#probed?.error;
      const roundTripMs = this.#probed?.roundTripMs;
      this.#store = {
        readAt: now,
        ...(roundTripMs !== undefined && { roundTripMs }),
        ...(error && { error }),
      };
      await this.#parts.entries.follow(reading.controlVersion);
      await this.#readEnded(ended, now);
    } catch (cause) {
      if (this.#isOvertaken(at)) return;
      this.#store = { readAt: this.#store.readAt, error: asStoreError(cause) };
      this.#nextSlowAt = -Infinity;
    } finally {
      this.#shared = undefined;
    }
  }

  /** Returns true for a reading that began before one that was answered earlier: its numbers are older. */
  #isOvertaken(at: number): boolean {
    if (at < this.#readingAt) return true;
    this.#readingAt = at;
    return false;
  }

  /** Reads as many past hours as there is time for. A failure here does not change the state of the store. */
  async #readEnded(due: readonly number[], now: number): Promise<void> {
    const at = this.#clock();
    if (at < this.#nextEndedAt) return;
    try {
      for (let from = 0, to = 1; from < due.length; [from, to] = [to, 2 * to + 1]) {
        if (this.#clock() - at >= ENDED_MS) return;
        const some = due.slice(from, to);
        const hours = await readHours(this.#parts, some);
        for (const [i, start] of some.entries()) this.#hours.keep(start, hours[i] ?? [], now);
      }
    } catch {
      this.#nextEndedAt = at + SLOW_EVERY_MS;
    }
  }

  async #readSlow(at: number): Promise<void> {
    if (at < this.#nextSlowAt) return;
    this.#nextSlowAt = at + SLOW_EVERY_MS;
    this.#probed = await this.#parts.probe();
    if (!this.#probed.error) this.#slow = await readSlow(this.#parts, this.#parts.isCluster);
  }
}

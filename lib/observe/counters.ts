import { monotonic } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent, Listener } from "#lib/core/events";
import type { Keys } from "#lib/redis/keys";
import { runScript } from "#lib/redis/script";
import type { ScriptStore } from "#lib/redis/script-store";
import { Counts } from "./counts.ts";
import { ADD_COUNTS, billedCommands, callOf } from "./counts-script.ts";

/** What counters are made on: the gate's connection. */
export interface CounterParts {
  /** Runs scripts on the gate's connection, and no listener is told of its calls. */
  readonly redis: ScriptStore;
  /** Names the keys. */
  readonly keys: Keys;
  /** True where one request may wait for another's call: our own server, and not a serverless platform. */
  readonly joins: boolean;
}

/** What becomes of counted events. */
export interface CounterOptions {
  /**
   * Milliseconds between the first event and the write of all that came since: 100 to 25,000.
   * @default 2,000 under our own server; elsewhere as many as keep an instance within 5,000 billed
   * commands an hour: 10,000, and 13,000 with `upstashConsole`
   */
  readonly windowMs?: number;
  /**
   * Holds the instance until a write is done, where a handler's event is the first: Next's `after`. The
   * middleware holds it by itself. An error of it is dropped.
   * @default nothing: the last events of a handler may be lost when its instance ends
   */
  readonly waitUntil?: (work: Promise<void>) => unknown;
  /**
   * True to write decisions also as `Analytics` of @upstash/ratelimit writes them, for Upstash's
   * console, with the prefix `<namespace>:{counters}`.
   * @default false
   */
  readonly upstashConsole?: boolean;
}

/** The shortest window, in milliseconds, and the longest: Workers end `waitUntil` after 30 s. */
const SHORTEST_MS = 100;
const LONGEST_MS = 25_000;

/** The window under our own server, in milliseconds. */
const SERVER_WINDOW_MS = 2_000;

/** What an instance elsewhere is billed at most, in commands an hour. */
const BILLED_AN_HOUR = 5_000;

/** A window that has not ended so long after its time was ended by its platform, in milliseconds. */
const OVERDUE_MS = 5_000;

/** A write whose answer was lost is sent again for so long: Redis remembers it for an hour. */
const SENT_AGAIN_MS = 50 * 60_000;

/**
 * Makes what counts all events of a gate in Redis, for `renderMetrics`: it is what the setting
 * `counters` of `createHeadgate` takes. Counts are added up in the process; the first event of a
 * window holds the instance, and at the window's end one script writes everything. A write that fails
 * is sent again with the next window, and throws nothing. docs/operate/metrics.md says what is counted,
 * what it costs and what may be lost.
 *
 * @throws {HeadgateError} COUNTERS_BAD_ARGUMENT when `windowMs` is not within 100 and 25,000
 * @example
 * const gate = createHeadgate(policy, () => ({ ...fromEnv(), counters: countEvents() }));
 */
export function countEvents(options: CounterOptions = {}): (on: CounterParts) => Listener {
  const { windowMs = SHORTEST_MS } = options;
  if (!(windowMs >= SHORTEST_MS && windowMs <= LONGEST_MS)) {
    throw new HeadgateError(
      "COUNTERS_BAD_ARGUMENT",
      `countEvents: windowMs is ${windowMs}; allowed: ${SHORTEST_MS} to ${LONGEST_MS}.`,
    );
  }
  return (on) => {
    const counters = new Counters(on, options);
    return (event) => counters.add(event);
  };
}

/** A write that Redis is not known to have. */
interface Write {
  readonly counts: Counts;
  readonly number: number;
  readonly sentAt: number;
}

/** The time between the first event and the write. */
interface Window {
  /** True where a request's `waitUntil` holds the instance until its end. */
  readonly isHeld: boolean;
  /** From then on, in milliseconds, its platform has ended it. */
  readonly overdueAt: number;
}

class Counters {
  readonly #on: CounterParts;
  readonly #windowMs: number;
  readonly #waitUntil: CounterOptions["waitUntil"];
  readonly #forConsole: boolean;
  /** Names this instance in Redis. Workers make nothing random before the first request. */
  #id: string | undefined;
  #counts: Counts;
  #unwritten: Write | undefined;
  #lastNumber = 0;
  #window: Window | undefined;

  constructor(on: CounterParts, { windowMs, waitUntil, upstashConsole = false }: CounterOptions) {
    this.#on = on;
    this.#windowMs = windowMs ?? standardWindow(on.joins, upstashConsole);
    this.#waitUntil = waitUntil;
    this.#forConsole = upstashConsole;
    this.#counts = new Counts(upstashConsole);
  }

  /**
   * Adds an event. The first decision of a window gets a promise that resolves when the window is written.
   * An event that comes before it may open the window, but nothing waits for a promise of such an event.
   */
  add(event: HeadgateEvent): Promise<void> | undefined {
    this.#counts.add(event, Date.now());
    const isHeld = event.kind === "decision";
    if (this.#counts.isEmpty || this.#isOpen(isHeld)) return undefined;
    const window = { isHeld, overdueAt: monotonic() + this.#windowMs + OVERDUE_MS };
    this.#window = window;
    const work = this.#end(window);
    void (async () => this.#waitUntil?.(work))().catch(() => {});
    return work;
  }

  #isOpen(isHeld: boolean): boolean {
    const window = this.#window;
    if (!window || (isHeld && !window.isHeld)) return false;
    return monotonic() < window.overdueAt;
  }

  async #end(window: Window): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#windowMs));
    if (this.#window !== window) return;
    this.#window = undefined;
    if (this.#unwritten && !(await this.#send(this.#unwritten))) return;
    // Another write may have begun while an answer was slow: what was counted since waits for the next window.
    if (this.#unwritten || this.#counts.isEmpty) return;
    this.#lastNumber += 1;
    this.#unwritten = { counts: this.#counts, number: this.#lastNumber, sentAt: monotonic() };
    this.#counts = new Counts(this.#forConsole);
    await this.#send(this.#unwritten);
  }

  /** Returns whether Redis has the write, or it was given up. */
  async #send(write: Write): Promise<boolean> {
    this.#id ??= crypto.randomUUID();
    const { redis, keys: names } = this.#on;
    const { keys, args } = callOf(write.counts, names, { id: this.#id, number: write.number });
    try {
      await runScript(redis, ADD_COUNTS, keys, args);
    } catch {
      if (monotonic() - write.sentAt < SENT_AGAIN_MS) return false;
    }
    if (this.#unwritten === write) this.#unwritten = undefined;
    return true;
  }
}

/** In milliseconds. */
function standardWindow(joins: boolean, forConsole: boolean): number {
  if (joins) return SERVER_WINDOW_MS;
  return Math.ceil((billedCommands(forConsole) * 3600) / BILLED_AN_HOUR) * 1000;
}

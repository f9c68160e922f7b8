import { monotonic } from "#lib/core/clock";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent, Listener } from "#lib/core/events";
import type { Keys } from "#lib/redis/keys";
import { runScript } from "#lib/redis/script";
import type { ScriptStore } from "#lib/redis/script-store";
import { Counts } from "./counts.ts";
import { ADD_COUNTS, billedCommands, callOf } from "./counts-script.ts";

/** The parts of the gate that counters use. */
export interface CounterParts {
  /** Runs scripts on the gate's connection. Its calls make no events. */
  readonly redis: ScriptStore;
  /** Names the keys. */
  readonly keys: Keys;
  /**
   * True when one request may wait for the call of another, as under our server, but not on a serverless
   * platform.
   */
  readonly batches: boolean;
}

/** How counted events are written. */
export interface CounterOptions {
  /**
   * Milliseconds between the first event and the write of all events since: 100 to 25,000.
   * @default 2,000 under our own server; elsewhere 10,000, or 13,000 with `upstashConsole`, so that an
   *   instance is billed at most 5,000 commands an hour
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), counters: countEvents({ windowMs: 5000 }) }));
   */
  readonly windowMs?: number;
  /**
   * Keeps the instance alive until a write is done when the first event comes from a handler: Next's `after`.
   * The middleware needs no such function. An error that it throws is ignored.
   * @default nothing: the last events of a handler may be lost when its instance ends
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), counters: countEvents({ waitUntil: after }) }));
   */
  readonly waitUntil?: (work: Promise<void>) => unknown;
  /**
   * True to write decisions also as `Analytics` of `@upstash/ratelimit` writes them, for Upstash's
   * console, with the prefix `<namespace>:{counters}`.
   * @default false
   * @example
   * createHeadgate(policy, () => ({ ...fromEnv(), counters: countEvents({ upstashConsole: true }) }));
   */
  readonly upstashConsole?: boolean;
}

/** The shortest and the longest window, in milliseconds. Workers end `waitUntil` after 30 s. */
const SHORTEST_MS = 100;
const LONGEST_MS = 25_000;

/** The window under our own server, in milliseconds. */
const SERVER_WINDOW_MS = 2_000;

/** The most commands that an instance elsewhere is billed in an hour. */
const BILLED_AN_HOUR = 5_000;

/** A window that is still open this long after its end was stopped by its platform, in milliseconds. */
const OVERDUE_MS = 5_000;

/** How long a write without an answer is sent again, in milliseconds. Redis remembers it for an hour. */
const SENT_AGAIN_MS = 50 * 60_000;

/**
 * Makes the setting `counters` of `createHeadgate`, which counts all events of a gate in Redis for
 * `renderMetrics`. Counts are summed in the process. The first event of a window keeps the instance alive,
 * and at the end of the window one script writes all counts. A write that fails is sent again with the next
 * window, and nothing is thrown. docs/operate/metrics.md describes what is counted, what it costs and what
 * may be lost.
 *
 * @throws {HeadgateError} COUNTERS_BAD_ARGUMENT when `windowMs` is not between 100 and 25,000
 * @example
 * const gate = createHeadgate(policy, () => ({ ...fromEnv(), counters: countEvents() }));
 */
export function countEvents(options: CounterOptions = {}): (on: CounterParts) => Listener {
  const { windowMs = SHORTEST_MS } = options;
  if (!(windowMs >= SHORTEST_MS && windowMs <= LONGEST_MS)) {
    throw new HeadgateError(
      "COUNTERS_BAD_ARGUMENT",
      `countEvents: windowMs must be ${SHORTEST_MS} to ${LONGEST_MS}, not ${windowMs}.`,
    );
  }
  return (on) => {
    const counters = new Counters(on, options);
    return (event) => counters.add(event);
  };
}

/** A write that Redis has not confirmed. */
interface Write {
  readonly counts: Counts;
  readonly number: number;
  readonly sentAt: number;
}

/** The time between the first event and the write. */
interface Window {
  /** True when the `waitUntil` of a request keeps the instance alive until the end of the window. */
  readonly isHeld: boolean;
  /** The time after which its platform must have stopped it, in milliseconds. */
  readonly overdueAt: number;
}

class Counters {
  readonly #on: CounterParts;
  readonly #windowMs: number;
  readonly #waitUntil: CounterOptions["waitUntil"];
  readonly #forConsole: boolean;
  /**
   * The name of this instance in Redis. It is made late because Workers have no random values before the
   * first request.
   */
  #id: string | undefined;
  #counts: Counts;
  #unwritten: Write | undefined;
  #lastNumber = 0;
  #window: Window | undefined;

  constructor(on: CounterParts, { windowMs, waitUntil, upstashConsole = false }: CounterOptions) {
    this.#on = on;
    this.#windowMs = windowMs ?? standardWindow(on.batches, upstashConsole);
    this.#waitUntil = waitUntil;
    this.#forConsole = upstashConsole;
    this.#counts = new Counts(upstashConsole);
  }

  /**
   * Adds an event. The first decision of a window gets a promise that resolves when the window is written. An
   * earlier event of another kind may open the window, but its promise is not awaited.
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
    // While an answer was slow, another write may have begun. Later counts wait for the next window.
    if (this.#unwritten || this.#counts.isEmpty) return;
    this.#lastNumber += 1;
    this.#unwritten = { counts: this.#counts, number: this.#lastNumber, sentAt: monotonic() };
    this.#counts = new Counts(this.#forConsole);
    await this.#send(this.#unwritten);
  }

  /** Returns true when Redis has the write, or the write was dropped. */
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

/** Returns the default window, in milliseconds. */
function standardWindow(batches: boolean, forConsole: boolean): number {
  if (batches) return SERVER_WINDOW_MS;
  return Math.ceil((billedCommands(forConsole) * 3600) / BILLED_AN_HOUR) * 1000;
}

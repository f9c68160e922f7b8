import type { Time } from "./clock.ts";
import type { KeyedHash } from "./client.ts";
import type { Emit } from "./events.ts";

/** What each of the handlers' tools that keep something in Redis needs. */
export interface ToolParts {
  /** Stands for a key in Redis, where no name of a person may be. */
  readonly keyedHash: KeyedHash;
  /**
   * HEADGATE_SECRET, or a function that returns it when it is first needed: it keys the encryption of
   * the results that are kept, since they may hold what only their callers may read.
   */
  readonly secret: string | (() => string);
  /** Reports what happens, and failures that no caller is given. It must not throw. */
  readonly emit: Emit;
  /**
   * The clock and the timers of locks and claims in this process; Redis has its own clock.
   * @default the runtime's
   */
  readonly time?: Time;
}

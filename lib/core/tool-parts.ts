import type { Time } from "./clock.ts";
import type { KeyedHash } from "./client.ts";
import type { Emit } from "./events.ts";

/** The dependencies of the tools for handlers that keep data in Redis. */
export interface ToolParts {
  /**
   * Hashes keys for Redis, which must not hold the name of a person.
   * @example
   * createDedup({ ...gate, keyedHash: createKeyedHash(secret) });
   */
  readonly keyedHash: KeyedHash;
  /**
   * HEADGATE_SECRET, or a function that returns it at its first use. It is the key that encrypts stored
   * results, which only their callers may read.
   * @example
   * createLocks({ ...gate, secret: () => process.env["SHOP_SECRET"] ?? "" });
   */
  readonly secret: string | (() => string);
  /**
   * Reports events, and failures that no caller receives. It must not throw.
   * @example
   * createDedup({ ...gate, emit: logEvents(console.info) });
   */
  readonly emit: Emit;
  /**
   * The clock and the timers of locks and claims in this process; Redis has its own clock.
   * @default the runtime's
   * @example
   * const { time } = createTestGate(policy);
   * createLocks({ ...gate, time });
   */
  readonly time?: Time;
}

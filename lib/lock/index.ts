/** Locks let one instance act at a time. */
export type { FencedScript } from "./fenced.ts";
export type { FlightOptions, Landed } from "./flight-options.ts";
export {
  createLocks,
  type HoldOptions,
  type Lock,
  type Locks,
  type SharedErrors,
  type WithLockOptions,
  type WithLockResult,
} from "./locks.ts";
export type { WaitOptions } from "./options.ts";

/** Locks: one instance acts at a time. */
export {
  createLocks,
  type HoldOptions,
  type Lock,
  type Locks,
  type SharedErrors,
  type WithLockOptions,
  type WithLockResult,
} from "./locks.ts";

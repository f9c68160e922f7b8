/**
 * How an algorithm counts in Redis, in parts of Lua. lib/limit/stores/lua.ts makes every script from them.
 * The algorithm's own script contains the parts inline, since a function call costs Redis as much as a
 * command; the scripts for all algorithms contain them as functions. Comments are outside the Lua, because
 * its text is part of every edge bundle.
 *
 * Every part has the variables `now` (ms), `key`, `limit` (units), `w` (the window, ms) and `cost` (units),
 * and the functions that stores/lua.ts declares at the beginning of a script. Redis runs Lua 5.1 and other
 * stores 5.4, so every number is a double: whole numbers below 2^53 are exact in both.
 */
export interface LuaForm {
  /** The form's name in the scripts: the algorithm's name, or a separate name for the form of large limits. */
  readonly name: string;
  /** The names of the variables that hold a state, at most ten. Every part may use them. */
  readonly state: string;
  /** Functions that the other parts call. */
  readonly functions?: string;
  /**
   * Sets the state from `text`, the value of the key, which is false for a missing key. Returns 0 when the
   * key holds a state of another form. A state with a future time was written before the clock stepped back:
   * it is read as written now, and `ahead` is set to true, so that it is written again.
   */
  readonly read: string;
  /** An expression: the units that count. */
  readonly used: string;
  /**
   * An expression: the milliseconds until there is capacity for `cost`, which is at most the limit and exceeds
   * the capacity now.
   */
  readonly wait: string;
  /** Adds `cost` units, which may be 0, and writes the state with a TTL. */
  readonly take: string;
  /** Sets the state as if `units` had been consumed now. `take` follows. */
  readonly adopt: string;
  /** Refunds the units of a decision at the time `taken`, and sets `back` to the refunded units. `text` is set. */
  readonly refund: string;
  /**
   * Adds units that were counted elsewhere to the state: `added` is a list of { age (ms), units },
   * oldest first, all younger than a window. `take` with a cost of 0 follows, and must set a new TTL. If
   * the store counted meanwhile, too, the sum is never less than if all had been counted in one place.
   */
  readonly restore: string;
  /** True when the key is a sorted set, and not a text. */
  readonly isSet?: true;
}

/** A limit and the moment of its check. Times are whole milliseconds. */
export interface Moment {
  /** Units in one window. */
  readonly limit: number;
  readonly windowMs: number;
  /** Units. */
  readonly cost: number;
  readonly now: number;
}

/** The value of a key in memory: a letter and the numbers that the same key would have in Redis. */
export interface MemoryState {
  /** The letter, which determines the algorithms that can read the numbers. */
  readonly kind: string;
  numbers: readonly number[];
  /** When the key expires, in milliseconds; undefined until a new TTL is set. */
  until?: number | undefined;
  /** True when the state was written before the clock stepped back, and is read as written now. */
  readonly ahead?: boolean;
}

/**
 * The same algorithm in TypeScript, for counting in memory. It is part of every edge bundle, so it is
 * short. `tests/contract/limit-stores-walk.test.ts` compares its answers with those of the Lua.
 *
 * `read` and `refund` get a state of one of `kinds`; a missing key is a state of the first kind without
 * numbers. The other functions get the result of `read` or `adopt`.
 */
export interface MemoryForm {
  /** The letters of the states that it reads. The first is the letter of a missing key. */
  readonly kinds: string;
  /** Returns the state at the moment. */
  read(kept: MemoryState, moment: Moment): MemoryState;
  /** Returns the units that count. */
  used(state: MemoryState, moment: Moment): number;
  /**
   * Returns the milliseconds until there is capacity for a cost, which is within the limit and exceeds the
   * capacity now.
   */
  wait(state: MemoryState, moment: Moment, cost: number): number;
  /** Adds units that were consumed `ageMs` milliseconds ago, and sets when the key expires. */
  add(state: MemoryState, moment: Moment, units: number, ageMs: number): void;
  /** Refunds in `kept` the units of a decision at the time `takenAt`, and returns the refunded units. */
  refund(kept: MemoryState, moment: Moment, takenAt: number): number;
  /**
   * Returns the state to which the units of another algorithm are added.
   * @default the result of `read` for a missing key
   */
  adopt?(moment: Moment): MemoryState;
}

/** The definition of an algorithm. */
export interface AlgorithmDefinition<Name extends string = string> {
  /** The name in a policy, which is also the name of its file. */
  readonly name: Name;
  readonly lua: LuaForm & { readonly name: Name };
  /** The form of limits above a number, if another form is quicker. Each form can adopt states of the other. */
  readonly large?: { readonly above: number; readonly lua: LuaForm };
  /** The same in TypeScript. */
  readonly memory: MemoryForm;
  /** The largest limit for which it is the default; absent when it is never the default. */
  readonly defaultUpTo?: number;
  /** The largest limit that it allows; absent when its state does not grow with the limit. */
  readonly largestLimit?: number;
  /**
   * True when it reads states of another algorithm as its own. It is then tried last when a key holds the
   * state of an algorithm other than the rule's.
   */
  readonly readsOthers?: true;
}

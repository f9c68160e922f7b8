/**
 * The Lua of one algorithm, by the functions that its table has:
 * - `base`: read, used, wait and take, which every script calls
 * - `adopt`, `refund`, `restore`: the function of that name
 *
 * Redis makes every function of a script anew each time, so a script has no more than it uses.
 * Comments stand beside the Lua and not in it: its text is part of every edge bundle.
 *
 * The functions:
 * - read(key, rule): the state that the key holds, or nil where another algorithm's is there. What lies
 *   in the future was written before the clock stepped back: it is read as written now, state.ahead is
 *   set, and the next write, also of a cost of 0, stamps it so
 * - used(state, rule): the units that count now
 * - wait(key, state, rule, cost): milliseconds until cost has room, 0 when it has, -1 when never
 * - take(key, state, rule): writes the state with the rule's cost, and a time to live
 * - adopt(rule, units): a state of its own, as if the units had been taken now; writes nothing
 * - refund(key, rule, taken): gives back what a decision of that time took; answers the units
 * - restore(key, state, rule, taken): adds units that were counted elsewhere. `taken` is a list of
 *   { age (ms), units }, oldest first, none of it a window old; rule.cost is 0. Where the store has
 *   counted, too, meanwhile, what is added is never less than both would have come to in one place
 *
 * `now` is the time in milliseconds, and arithmetic.ts has what all of them reckon with.
 */
export interface LuaParts {
  readonly base: string;
  readonly adopt: string;
  readonly refund: string;
  readonly restore: string;
}

/** A limit and the moment at which it is checked. Times are in milliseconds, and whole. */
export interface Moment {
  /** Units in one window. */
  readonly limit: number;
  readonly windowMs: number;
  /** Units. */
  readonly cost: number;
  readonly now: number;
}

/** What a key holds in memory: a letter and the numbers that the same key would hold in Redis. */
export interface MemoryState {
  /** The letter. It says which algorithms can read the numbers. */
  readonly kind: string;
  numbers: readonly number[];
  /** When the key ends, in milliseconds. Undefined while a new time to live is still to be set. */
  until?: number | undefined;
  /** True where the state was written before the clock stepped back, and is read as written now. */
  readonly ahead?: boolean;
}

/**
 * The same algorithm in TypeScript, for counting in memory. It is part of every edge bundle, so it is
 * short. `tests/contract/limit-stores-walk.test.ts` holds it to the Lua, answer for answer.
 *
 * `read` and `refund` get a state of one of `kinds`, where a key without a state is one of the first kind
 * without numbers. The other functions get what `read` or `adopt` returned.
 */
export interface MemoryForm {
  /** The letters of the states that it reads. The first is that of an empty key. */
  readonly kinds: string;
  /** Returns the state as it is at the moment. */
  read(kept: MemoryState, moment: Moment): MemoryState;
  /** Returns the units that count. */
  used(state: MemoryState, moment: Moment): number;
  /** Returns the milliseconds until a cost has capacity. The cost is within the limit, and has none now. */
  wait(state: MemoryState, moment: Moment, cost: number): number;
  /** Adds units that were consumed so many milliseconds ago, and sets when the key ends. */
  add(state: MemoryState, moment: Moment, units: number, ageMs: number): void;
  /** Gives back what a decision of that time consumed, in `kept`, and returns the units. */
  refund(kept: MemoryState, moment: Moment, takenAt: number): number;
  /**
   * Returns the state to which the units of another algorithm are added.
   * @default what `read` returns for an empty key
   */
  adopt?(moment: Moment): MemoryState;
}

/** One way to count: all that a request needs to know of it. */
export interface AlgorithmDefinition<Name extends string = string> extends LuaParts {
  /** As a policy writes it, and as its file is named. */
  readonly name: Name;
  /** The Lua variable with its functions. */
  readonly table: string;
  /** The same in TypeScript. */
  readonly memory: MemoryForm;
  /** Lua that stands before its own, once for all algorithms that share it. */
  readonly shared?: LuaParts;
  /** The largest limit for which it is the default; absent where it has to be chosen. */
  readonly defaultUpTo?: number;
  /** The largest limit that it can have; absent where what it keeps does not grow with the limit. */
  readonly largestLimit?: number;
  /**
   * True when it reads states of another algorithm as its own. Where a key holds the state of an
   * algorithm that is not the rule's, such an algorithm is asked after all others.
   */
  readonly readsOthers?: true;
  /**
   * A script that decides when every limit is of this algorithm and none is in shadow, where a shorter
   * one than the limit script can. KEYS, ARGV and answer are the limit script's. It may write nothing
   * and answer 0: then the limit script decides.
   *
   * @param clock Lua that sets `now`
   */
  readonly script?: (clock: string) => string;
}

/**
 * How an algorithm keeps its counts in Redis, in parts of Lua. lib/limit/stores/lua.ts makes every script
 * from them: the algorithm's own script has the parts written out, since a call costs Redis as much as
 * a command, and the scripts that know all algorithms have them as functions. Comments stand beside
 * the Lua and not in it: its text is part of every edge bundle.
 *
 * Every part knows `now` (ms), `key`, and of the limit `limit` (units), `w` (its window, ms) and `cost`
 * (units), and the functions that stores/lua.ts names at the head of a script. Redis runs Lua 5.1 and
 * other stores 5.4, so every number is a double: what is whole and below 2^53 is exact in both.
 */
export interface LuaForm {
  /** As the scripts name it: the algorithm's name, or a name of its own where an algorithm has two forms. */
  readonly name: string;
  /** The names of the variables that hold a state, at most ten. Every part knows them. */
  readonly state: string;
  /** Functions that the other parts call. */
  readonly functions?: string;
  /**
   * Sets the state from `text`: what the key holds, or false where it holds nothing. Returns 0 where the
   * key holds a state of another form. A state of the future was written before the clock stepped back: it
   * is read as written now, and `ahead` is set to true, so that it is written so.
   */
  readonly read: string;
  /** An expression: the units that count. */
  readonly used: string;
  /** An expression: the milliseconds until `cost` has capacity, where it is at most the limit and has none now. */
  readonly wait: string;
  /** Adds `cost` units, which may be 0, and writes the state with a time to live. */
  readonly take: string;
  /** Sets the state as if `units` had been taken now. `take` follows. */
  readonly adopt: string;
  /** Gives back what a decision of the time `taken` took, and sets `back` to the units. Knows `text`. */
  readonly refund: string;
  /**
   * Adds units that were counted elsewhere to the state: `added` is a list of { age (ms), units },
   * oldest first, none of it a window old. `take` with a cost of 0 follows, and must set a new time to
   * live. Where the store has counted, too, meanwhile, what is added is never less than both would have
   * come to in one place.
   */
  readonly restore: string;
  /** True where the key is a sorted set, and no text. */
  readonly isSet?: true;
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
export interface AlgorithmDefinition<Name extends string = string> {
  /** As a policy writes it, and as its file is named. */
  readonly name: Name;
  readonly lua: LuaForm & { readonly name: Name };
  /** The form of limits above a number, where another one is quicker. Either form takes over from the other. */
  readonly large?: { readonly above: number; readonly lua: LuaForm };
  /** The same in TypeScript. */
  readonly memory: MemoryForm;
  /** The largest limit for which it is the default; absent where it has to be chosen. */
  readonly defaultUpTo?: number;
  /** The largest limit that it can have; absent where what it keeps does not grow with the limit. */
  readonly largestLimit?: number;
  /**
   * True when it reads states of another algorithm as its own. Where a key holds the state of an
   * algorithm that is not the rule's, such an algorithm is asked after all others.
   */
  readonly readsOthers?: true;
}

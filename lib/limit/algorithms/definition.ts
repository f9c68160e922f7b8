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

/** One way to count: all that a request needs to know of it. */
export interface AlgorithmDefinition<Name extends string = string> extends LuaParts {
  /** As a policy writes it, and as its file is named. */
  readonly name: Name;
  /** The Lua variable with its functions. */
  readonly table: string;
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

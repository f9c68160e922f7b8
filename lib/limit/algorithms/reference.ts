/** A limit, as an algorithm's reference knows it. */
export interface ReferenceLimit {
  /** Units in one window. */
  readonly limit: number;
  readonly windowMs: number;
}

/** A request that was admitted: when (ms), and the units that it took. */
export interface Admitted {
  readonly at: number;
  readonly cost: number;
  /** When it was refunded (ms). */
  readonly refundedAt?: number | undefined;
}

/**
 * What an algorithm means and costs, beside the definition in the same file. Tests compare the Lua with
 * it, and the tables of the documentation are made from it. No bundle has it: it is no part of the
 * definition.
 */
export interface AlgorithmReference {
  /**
   * The units that count at a time (ms), by the definition of the algorithm and as plainly as can be,
   * over all requests that were ever admitted. It is never fast.
   */
  used(admitted: readonly Admitted[], limit: ReferenceLimit, now: number): number;
  /** The most units that any window of the limit's length admits; at least the limit. */
  mostInAWindow(limit: number): number;
  /** The commands that Upstash bills for a check of one unit, once its client is known, by name. */
  readonly billed: Readonly<Record<string, number>>;
  /** The same of a limit that has the form of large limits, where there is one. */
  readonly billedLarge?: Readonly<Record<string, number>>;
  /** For docs/algorithms.md. L is the limit. */
  readonly words: {
    /** What a key holds. */
    readonly keeps: string;
    readonly mostInAWindow: string;
    /** Of one client. */
    readonly memory: string;
    /** How capacity returns. */
    readonly comesBack: string;
    /** What is billed beside {@link AlgorithmReference.billed}. */
    readonly billedMore?: string;
    /** What a refund gives back. */
    readonly refunds: string;
  };
}

/** The units of the requests that count and were not refunded. */
export function unitsOf(admitted: readonly Admitted[], counts: (one: Admitted) => boolean): number {
  const held = admitted.filter((one) => one.refundedAt === undefined && counts(one));
  return held.reduce((total, { cost }) => total + cost, 0);
}

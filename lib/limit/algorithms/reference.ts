/** A limit for an algorithm's reference. */
export interface ReferenceLimit {
  /** Units in one window. */
  readonly limit: number;
  readonly windowMs: number;
}

/** An allowed request: its time (ms), and the units that it consumed. */
export interface Admitted {
  readonly at: number;
  readonly cost: number;
  /** When it was refunded (ms). */
  readonly refundedAt?: number | undefined;
}

/**
 * The meaning and cost of an algorithm, beside the definition in the same file. Tests compare the Lua with
 * it, and the tables of the documentation are made from it. It is separate from the definition, so that no
 * bundle contains it.
 */
export interface AlgorithmReference {
  /**
   * Returns the units that count at a time (ms), by the plain definition of the algorithm over all requests
   * that were ever allowed. It is slow.
   */
  used(admitted: readonly Admitted[], limit: ReferenceLimit, now: number): number;
  /** Returns the most units that any window of the limit's length allows; at least the limit. */
  mostInAWindow(limit: number): number;
  /** The commands that Upstash bills for a check of one unit for a known client, by name. */
  readonly billed: Readonly<Record<string, number>>;
  /** The same for the form of large limits, if the algorithm has one. */
  readonly billedLarge?: Readonly<Record<string, number>>;
  /** For docs/concepts/algorithms.md. L is the limit. */
  readonly words: {
    /** The content of a key. */
    readonly keeps: string;
    readonly mostInAWindow: string;
    /** The memory of one client. */
    readonly memory: string;
    /** How capacity returns. */
    readonly comesBack: string;
    /** The commands that are billed in addition to {@link AlgorithmReference.billed}. */
    readonly billedMore?: string;
    /** The units that a refund returns. */
    readonly refunds: string;
  };
}

/** Returns the units of the requests that count and were not refunded. */
export function unitsOf(admitted: readonly Admitted[], counts: (one: Admitted) => boolean): number {
  const held = admitted.filter((one) => one.refundedAt === undefined && counts(one));
  return held.reduce((total, { cost }) => total + cost, 0);
}

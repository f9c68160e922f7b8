import type { Algorithm } from "#lib/limit/algorithms/all";
import { REFERENCE as FIXED_WINDOW } from "#lib/limit/algorithms/fixed-window";
import { REFERENCE as SLIDING_LOG } from "#lib/limit/algorithms/sliding-log";
import { REFERENCE as SLIDING_WINDOW } from "#lib/limit/algorithms/sliding-window";
import { REFERENCE as TOKEN_BUCKET } from "#lib/limit/algorithms/token-bucket";
import type { Charge } from "#lib/limit/charge";

const BILLED: Readonly<Record<Algorithm, Readonly<Record<string, number>>>> = {
  "fixed-window": FIXED_WINDOW.billed,
  "sliding-log": SLIDING_LOG.billed,
  "sliding-window": SLIDING_WINDOW.billed,
  "token-bucket": TOKEN_BUCKET.billed,
};

/** A script is billed once, and reads the time once, however many limits it checks. */
const ONCE: ReadonlySet<string> = new Set(["EVALSHA", "TIME"]);

/**
 * Returns the commands that Upstash bills for one check of several limits, whose client was counted before.
 *
 * @example
 * billedFor(charges.all); // 7 for one limit of 10 a minute
 */
export function billedFor(charges: readonly Charge[]): number {
  if (charges.length === 0) return 0;
  const each = charges.map(({ limit, cost }) => {
    const commands = Object.entries(BILLED[limit.algorithm]).filter(([name]) => !ONCE.has(name));
    const more = limit.algorithm === "sliding-log" ? cost - 1 : 0;
    return commands.reduce((total, [, times]) => total + times, more);
  });
  return each.reduce((total, billed) => total + billed, ONCE.size);
}

import type { Algorithm } from "#lib/limit/algorithms/all";
import { REFERENCE as FIXED_WINDOW } from "#lib/limit/algorithms/fixed-window";
import { REFERENCE as SLIDING_LOG } from "#lib/limit/algorithms/sliding-log";
import { REFERENCE as SLIDING_WINDOW } from "#lib/limit/algorithms/sliding-window";
import { REFERENCE as TOKEN_BUCKET } from "#lib/limit/algorithms/token-bucket";
import type { AlgorithmReference } from "#lib/limit/algorithms/reference";
import { type Charge, formNameOf } from "#lib/limit/charge";

const REFERENCES: Readonly<Record<Algorithm, AlgorithmReference>> = {
  "fixed-window": FIXED_WINDOW,
  "sliding-log": SLIDING_LOG,
  "sliding-window": SLIDING_WINDOW,
  "token-bucket": TOKEN_BUCKET,
};

/** The commands that are billed once for a script, however many limits it checks. */
const ONCE: ReadonlySet<string> = new Set(["EVALSHA", "TIME"]);

/**
 * Returns the number of commands that Upstash bills for one check of several limits of a client that was
 * counted before.
 *
 * @example
 * billedFor(charges.all); // 4 for one limit of 10 a minute
 */
export function billedFor(charges: readonly Charge[]): number {
  if (charges.length === 0) return 0;
  const each = charges.map(({ limit, cost }) => {
    const { billed, billedLarge } = REFERENCES[limit.algorithm];
    const isLarge = formNameOf(limit) !== limit.algorithm;
    const commands = Object.entries((isLarge && billedLarge) || billed);
    // A large log has an entry for each unit.
    const more = isLarge ? cost - 1 : 0;
    return commands.reduce((total, [name, times]) => total + (ONCE.has(name) ? 0 : times), more);
  });
  return each.reduce((total, billed) => total + billed, ONCE.size);
}

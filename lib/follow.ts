import type { GateMode } from "#lib/core/mode";
import type { Charges } from "#lib/limit/charge";
import type { Outcome } from "#lib/limit/limiter";
import type { HeadgateEvent } from "#lib/core/events";
import type { Parts } from "./parts.ts";

/** A check of one request, or of one call from code. */
export interface Checked {
  readonly outcome: Outcome;
  /** Undefined where the request was denied before rules were looked for. */
  readonly charges?: Charges;
  /** What was noticed while the client was named. */
  readonly noticed?: readonly HeadgateEvent[];
  /** What becomes of the decision. */
  readonly mode: GateMode;
  /** Names the request in logs; undefined for a call from code. */
  readonly requestId?: string | undefined;
  /** Milliseconds from asking to deciding. */
  readonly tookMs?: number;
}

/**
 * Does what follows a check, after the response: listeners are told of it, and what it left to do is
 * done. Never rejects.
 */
export function follow(
  { observer, limiter }: Pick<Parts, "observer" | "limiter">,
  checked: Checked,
): Promise<void> {
  const { outcome, noticed = [] } = checked;
  const work = outcome.due && (() => limiter.finish(outcome));
  return observer.after(observer.isHeard ? [...noticed, decisionEvent(checked)] : [], work);
}

function decisionEvent({ outcome, charges, mode, requestId, tookMs = 0 }: Checked): HeadgateEvent {
  const { rules = [], shadows = [], onStoreFailure = "allow" } = charges?.rules ?? {};
  return {
    kind: "decision",
    rules: [...rules.map(({ name }) => name), ...shadows.map(({ rule }) => rule)],
    decision: outcome.decision,
    onStoreFailure,
    addressKnown: charges?.isAddressKnown ?? true,
    mode,
    requestId,
    tookMs,
  };
}

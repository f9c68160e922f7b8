import type { GateMode } from "#lib/core/mode";
import type { Charges } from "#lib/limit/charge";
import type { Live } from "#lib/control/in-force";
import type { Outcome } from "#lib/limit/limiter";
import type { HeadgateEvent } from "#lib/core/events";
import { afterResponse } from "#lib/observe/observer";
import { requestIdFor } from "#lib/observe/request-id";
import type { Parts } from "./parts.ts";
import type { AfterAnswer } from "./responses.ts";

/** A check of one request, or of one call from code. */
export interface Checked {
  readonly outcome: Outcome;
  /** Undefined when the request was denied before its rules were matched. */
  readonly charges?: Charges | undefined;
  /** Undefined for a call from code without a request. */
  readonly request?: Request | undefined;
  /** The pattern by which each rule matches, by the rule's name; absent when no rules were matched. */
  readonly patterns?: Readonly<Record<string, string>> | undefined;
  /** Events that arose while the client was identified. */
  readonly noticed?: readonly HeadgateEvent[];
  /** Whether the decision is enforced or only reported. */
  readonly mode: GateMode;
  /**
   * Names the request in logs.
   * @default the id of the request, when its decision is logged
   */
  readonly requestId?: string | undefined;
  /** Milliseconds that the check took. */
  readonly tookMs?: number | undefined;
}

/**
 * Calls the listeners with a check's events, and finishes the check's pending work, after the response.
 * Never rejects.
 */
export function finishCheck(
  { observer, limiter }: Pick<Parts, "observer" | "limiter">,
  checked: Checked,
): Promise<void> {
  const { outcome, noticed = [] } = checked;
  const work = outcome.due && (() => limiter.finish(outcome));
  return observer.after(observer.hasListener ? [...noticed, ...eventsOf(checked)] : [], work);
}

/**
 * Reads what was set while the app runs, after the response, when that is due. It is called for every request,
 * even when no rule matched, since a client may be blocked on every path.
 *
 * @param event keeps the runtime alive until the work is done; undefined for a call from code
 */
export function catchUp(
  live: Live,
  { limiter, observer }: Pick<Parts, "limiter" | "observer">,
  event?: AfterAnswer,
): void {
  const due = live.due();
  if (!due) return;
  const work = async () => {
    await afterResponse();
    const { resets, failures } = await due();
    limiter.forget(resets);
    await observer.after(failures);
  };
  const done = work();
  event?.waitUntil(done);
}

function eventsOf(checked: Checked): readonly HeadgateEvent[] {
  const near = checked.charges ? nearLimits(checked.charges, checked.outcome) : [];
  return [decisionEvent(checked), ...near];
}

/** A client is near a limit when this share of the limit, or less, remains. */
const NEAR = 0.2;

function nearLimits({ all }: Charges, { decision }: Outcome): readonly HeadgateEvent[] {
  const { allowed, limits } = decision;
  if (!allowed || !limits.some(({ limit, remaining }) => remaining <= NEAR * limit)) return [];
  return limits.flatMap(({ rule, policyName, limit, remaining }) => {
    const { cost = 0 } = all.find((charge) => charge.limit.rule === rule) ?? {};
    const before = remaining + cost;
    const isNear = remaining <= NEAR * limit && before > NEAR * limit;
    return isNear ? { kind: "near-limit", rule, policyName, limit, remaining } : [];
  });
}

function decisionEvent(checked: Checked): HeadgateEvent {
  const { outcome, charges, request, patterns = {}, mode, tookMs = 0 } = checked;
  const { requestId = requestIdFor(outcome.decision, request) } = checked;
  const { rules = [], shadows = [], onStoreFailure = "allow" } = charges?.rules ?? {};
  return {
    kind: "decision",
    rules: [...rules.map(({ name }) => name), ...shadows.map(({ rule }) => rule)],
    decision: outcome.decision,
    method: request?.method,
    patterns,
    onStoreFailure,
    addressKnown: charges?.isAddressKnown ?? true,
    ...(charges && { clients: () => clientsOf(charges) }),
    mode,
    requestId,
    decidedAt: Date.now(),
    tookMs,
  };
}

function clientsOf({ all }: Charges): Readonly<Record<string, string>> {
  return Object.fromEntries(all.map(({ limit, client }) => [limit.policyName, client]));
}

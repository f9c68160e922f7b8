import { bodyDenial } from "#lib/core/body-denial";
import { monotonic } from "#lib/core/clock";
import { chargesFor } from "#lib/limit/charge";
import { requestIdOf } from "#lib/observe/request-id";
import type { AnyPolicy } from "#lib/policy/define";
import { matchRequest } from "#lib/policy/match";
import { passOn } from "#lib/respond/pass";
import { type AfterAnswer, type Next, Responses } from "./responses.ts";
import { type Checked, follow } from "./follow.ts";
import type { HeadgateOptions } from "./options.ts";
import { type Parts, partsOf } from "./parts.ts";

/**
 * Makes the gate's middleware of a policy and of options that are read already: `createHeadgate` without
 * the environment, the limits of handlers and the handle of tools.
 *
 * @throws {PolicyError} at start, with every problem of the policy
 */
export function createGate<R extends Request = Request, E extends AfterAnswer = AfterAnswer>(
  policy: AnyPolicy,
  options: HeadgateOptions,
  next: Next<R, E> = passOn,
): (request: R, event: E) => Promise<Response> {
  return gateOver(partsOf(policy, options), options, next);
}

/** Makes the gate's middleware over parts that are made already. This is the way of every request. */
export function gateOver<R extends Request = Request, E extends AfterAnswer = AfterAnswer>(
  { policy, identifier, keys, limiter, observer }: Parts,
  options: HeadgateOptions,
  next: Next<R, E> = passOn,
): (request: R, event: E) => Promise<Response> {
  const { mode = "enforce", cutAt } = options;
  const responses = new Responses(options, next, observer);

  return async (request, event) => {
    const { method } = request;
    const cut = bodyDenial(request, { cutAt });
    if (cut) {
      // In every mode, since Next would hand a part of such a body to the handler.
      return respond(request, event, { outcome: { decision: cut }, mode: "enforce", method });
    }

    const match = matchRequest(policy, request);
    if (!match) return responses.goOn(request, event);
    if (mode === "off") return responses.allowed(request, event);

    const startedAt = monotonic();
    const { client, noticed } = await identifier.fromRequest(match, request);
    const charges = chargesFor(match, client, keys);
    const tooLarge = bodyDenial(request, { ruled: charges.rules.maxBody, cutAt });
    const outcome = tooLarge ? { decision: tooLarge } : await limiter.admit(charges);
    const tookMs = monotonic() - startedAt;
    const { patterns } = match;
    return respond(request, event, { outcome, mode, charges, method, patterns, noticed, tookMs });
  };

  /** Returns the response to a checked request, and leaves the rest for after the response. */
  async function respond(request: R, event: E, checked: Checked): Promise<Response> {
    const { decision } = checked.outcome;
    const isRoutine =
      decision.allowed && !decision.error && decision.shadows.every((shadow) => shadow.allowed);
    const requestId = isRoutine ? undefined : requestIdOf(request.headers);
    if (observer.isHeard || checked.outcome.due) {
      event.waitUntil(follow({ observer, limiter }, { ...checked, requestId }));
    }
    if (decision.counted === "after-answer") await options.together?.();
    if (checked.mode === "shadow") return responses.allowed(request, event);
    const told = responses.toldOf(decision, checked.charges?.rules.rules ?? [], request.method);
    return decision.allowed
      ? responses.allowed(request, event, told)
      : responses.denied(request, event, { decision, told, requestId });
  }
}

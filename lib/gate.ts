import { bodyDenial } from "#lib/core/body-denial";
import { monotonic } from "#lib/core/clock";
import { chargesFor } from "#lib/limit/charge";
import type { Outcome } from "#lib/limit/limiter";
import { requestIdFor } from "#lib/observe/request-id";
import type { AnyPolicy } from "#lib/policy/define";
import { matchRequest } from "#lib/policy/match";
import { passOn } from "#lib/respond/pass";
import { type AfterAnswer, type Next, Responses } from "./responses.ts";
import { catchUp, type Checked, finishCheck } from "./after-response.ts";
import { blockedBy, entryFor, holdingFor, rulesHolding, uncountedBy } from "./holding.ts";
import type { HeadgateOptions } from "./options.ts";
import { type Parts, partsOf } from "./parts.ts";

/**
 * Makes the gate's middleware from a policy and from options that were read before: `createHeadgate` without
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

/** Makes the gate's middleware from its parts. Every request takes this path. */
export function gateOver<R extends Request = Request, E extends AfterAnswer = AfterAnswer>(
  parts: Parts,
  options: HeadgateOptions,
  next: Next<R, E> = passOn,
): (request: R, event: E) => Promise<Response> {
  const { policy, identifier, keys, limiter, observer, live } = parts;
  const { mode = "enforce", nextMaxBody } = options;
  const responses = new Responses(options, next, observer);

  return async (request, event) => {
    const cut = bodyDenial(request, { nextMaxBody });
    if (cut) {
      // Denied in every mode, since Next would hand a truncated body to the handler.
      return respond(request, event, { outcome: { decision: cut }, mode: "enforce", request });
    }

    const found = matchRequest(policy, request);
    const holding = holdingFor(parts, found, mode);
    const { match, wanted } = holding;
    if (!wanted) return unchecked(request, event, found !== undefined);

    const startedAt = observer.hasListener ? monotonic() : undefined;
    const { client, noticed } = await identifier.fromRequest(wanted, request);
    const charges = match && chargesFor(rulesHolding(holding, match, client), client, keys);
    const about = { mode: holding.mode, charges, request, patterns: match?.patterns, noticed };
    const decided = (outcome: Outcome) =>
      respond(request, event, { ...about, outcome, tookMs: startedAt && monotonic() - startedAt });

    const entry = entryFor(holding, client);
    if (entry?.list === "block") return decided({ decision: blockedBy(entry) });
    if (!charges) return unchecked(request, event, found !== undefined);
    const tooLarge = bodyDenial(request, { ruled: charges.rules.maxBody, nextMaxBody });
    const decision = tooLarge ?? uncountedBy(entry, charges);
    return decided(decision ? { decision } : await limiter.admit(charges));
  };

  /** Passes on a request that no limit checks. */
  function unchecked(request: R, event: E, isRuled: boolean): Promise<Response> {
    if (live) catchUp(live, parts, event);
    return isRuled ? responses.allowed(request, event) : responses.goOn(request, event);
  }

  /** Returns the response to a checked request; events and pending work follow after the response. */
  async function respond(request: R, event: E, checked: Checked): Promise<Response> {
    const { decision } = checked.outcome;
    const requestId = requestIdFor(decision, request);
    if (observer.hasListener || checked.outcome.due) {
      event.waitUntil(finishCheck({ observer, limiter }, { ...checked, requestId }));
    }
    if (live) catchUp(live, parts, event);
    if (checked.mode === "shadow") return responses.allowed(request, event);
    const shown = responses.shownOf(decision, checked.charges?.rules.rules ?? [], request.method);
    return decision.allowed
      ? responses.allowed(request, event, shown)
      : responses.denied(request, event, { decision, shown, requestId });
  }
}

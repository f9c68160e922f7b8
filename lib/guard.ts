import { assemble, type HeadgateOptions, type Later } from "#lib/assemble";
import { monotonic } from "#lib/core/clock";
import { type Decision, withoutGlobal } from "#lib/core/decision";
import { requestIdOf } from "#lib/observe/request-id";
import type { AnyPolicy } from "#lib/policy/define";
import { routedPath } from "#lib/policy/path";
import { writeCorsHeaders } from "#lib/respond/cors";
import { writeLimitHeaders } from "#lib/respond/headers";
import { passOn, writable } from "#lib/respond/pass";
import { refusal } from "#lib/respond/refusal";

/** What Next hands to middleware beside the request, and Workers as their context. */
interface AfterAnswer {
  waitUntil(work: Promise<unknown>): void;
}

/** What an app's own middleware may answer; nothing lets the request go on. */
type Answer = Response | undefined | null | void;

/**
 * The gate. Every request passes through it: which rules match, whose request it is, whether there
 * is room in all their limits; then it goes on with the limits' headers, or is refused.
 *
 * @param policy what config/rate-limits.ts exports
 * @param next the app's own middleware, called for requests that pass: its cookies, headers,
 * rewrites and redirects are kept
 * @throws {PolicyError} at start, with every problem of the policy
 */
export function headgate<R extends Request = Request, E extends AfterAnswer = AfterAnswer>(
  policy: AnyPolicy,
  options: HeadgateOptions,
  next: (request: R, event: E) => Answer | Promise<Answer> = passOn,
): (request: R, event: E) => Promise<Response> {
  const gate = assemble(policy, options);
  const { cors = { origins: [] }, legacyHeaders = false, showGlobalLimits, onDenied } = options;
  const { mode = "enforce" } = options;

  return async (request, event) => {
    if (mode === "off") return goOn(request, event);
    const { pathname, hasLocales } = routedPath(request);
    const candidates = gate.policy.rulesFor(request.method, pathname, hasLocales);
    if (!candidates) return goOn(request, event);

    const asked = monotonic();
    const later = (work: Promise<unknown>) => event.waitUntil(work);
    const asker = await gate.askerOf(candidates, request, later);
    const decision = await gate.limiter.admit(asker.rules, asker.clients);
    const tookMs = monotonic() - asked;
    const isRoutine = decision.allowed && !decision.error;
    const requestId = isRoutine ? undefined : requestIdOf(request.headers);
    const following = gate.follow(asker, decision, { tookMs, requestId });
    if (following) later(following);
    if (decision.counted === "after-answer") await options.together?.();
    if (mode === "shadow") return goOn(request, event);

    const told = showGlobalLimits ? decision : withoutGlobal(decision);
    const answer = decision.allowed
      ? await goOn(request, event)
      : ((await wordedByApp(request, decision, later)) ?? refusal(request, told, legacyHeaders));
    const marked = writable(answer);
    if (requestId && !decision.allowed) marked.headers.set("x-request-id", requestId);
    writeLimitHeaders(marked.headers, told, legacyHeaders);
    writeCorsHeaders(marked.headers, request, cors);
    return marked;
  };

  async function goOn(request: R, event: E): Promise<Response> {
    return (await next(request, event)) ?? passOn();
  }

  async function wordedByApp(
    request: R,
    decision: Decision,
    later: Later,
  ): Promise<Response | undefined> {
    try {
      return await onDenied?.(request, decision);
    } catch (error) {
      later(gate.report({ kind: "failure", what: "onDenied", error }));
      return undefined;
    }
  }
}

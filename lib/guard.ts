import { type Asked, assemble, type Parts } from "./assemble.ts";
import type { HeadgateOptions } from "./options.ts";
import { bodyDenial } from "#lib/core/body-denial";
import { monotonic } from "#lib/core/clock";
import type { Decision } from "#lib/core/decision";
import { requestIdOf } from "#lib/observe/request-id";
import type { AnyPolicy } from "#lib/policy/define";
import { isPrefetch } from "#lib/policy/prefetch";
import { routedPath } from "#lib/policy/path";
import { writeCorsHeaders } from "#lib/respond/cors";
import { writeLimitHeaders } from "#lib/respond/headers";
import { passOn, writable } from "#lib/respond/pass";
import { deniedResponse } from "#lib/respond/denied-response";
import { toldOf } from "./told.ts";

/** What Next hands to middleware beside the request, and Workers as their context. */
export interface AfterAnswer {
  waitUntil(work: Promise<unknown>): void;
}

/** What an app's own middleware may answer; nothing lets the request go on. */
export type Answer = Response | undefined | null | void;

/**
 * Makes the gate's middleware of a policy and of options that are read already; `createHeadgate` reads
 * the environment too. It finds the rules that match a request and its client, and checks all their
 * limits: an allowed request goes on with the limits' headers, and a denied one is answered.
 *
 * @param policy what config/rate-limits.ts exports
 * @param next the app's own middleware, called for requests that pass: its cookies, headers,
 * rewrites and redirects are kept
 * @throws {PolicyError} at start, with every problem of the policy
 * @example
 * export default headgate(policy, { redis, namespace: "shop", secret, addressSource });
 */
export function headgate<R extends Request = Request, E extends AfterAnswer = AfterAnswer>(
  policy: AnyPolicy,
  options: HeadgateOptions,
  next: (request: R, event: E) => Answer | Promise<Answer> = passOn,
): (request: R, event: E) => Promise<Response> {
  return guardOver(assemble(policy, options), options, next);
}

/** Makes the gate's middleware over rooms that are joined already. */
export function guardOver<R extends Request = Request, E extends AfterAnswer = AfterAnswer>(
  gate: Parts,
  options: HeadgateOptions,
  next: (request: R, event: E) => Answer | Promise<Answer> = passOn,
): (request: R, event: E) => Promise<Response> {
  const { cors = { origins: [] }, legacyHeaders = false, showGlobalLimits = false } = options;
  const { mode = "enforce", cutAt, onDenied } = options;

  return async (request, event) => {
    // In every mode, since Next would hand a part of such a body to the handler.
    const cut = bodyDenial(request, { cutAt });
    if (cut) return deny(request, event, UNASKED, cut, report(request, event, UNASKED, cut, 0));

    const { pathname, hasLocales } = routedPath(request);
    const prefetches = gate.policy.tellsPrefetches && isPrefetch(request);
    const candidates = gate.policy.rulesFor(request.method, pathname, hasLocales, prefetches);
    if (!candidates) return goOn(request, event);
    if (mode === "off") return pass(request, event);

    const startedAt = monotonic();
    const asker = await gate.askerOf(candidates, request, (work) => event.waitUntil(work));
    const { rules, clients } = asker;
    const decision =
      bodyDenial(request, { ruled: rules.maxBody, cutAt }) ??
      (await gate.limiter.admit(rules, clients));
    const requestId = report(request, event, asker, decision, monotonic() - startedAt);
    if (decision.counted === "after-answer") await options.together?.();

    if (mode === "shadow") return pass(request, event);
    if (!decision.allowed) return deny(request, event, asker, decision, requestId);
    return pass(request, event, toldOf(decision, rules, request.method, showGlobalLimits));
  };

  /** Tells the listener of a decision, after the response; returns the request's name where it has one. */
  function report(request: R, event: E, asker: Asked, decision: Decision, tookMs: number) {
    const isRoutine = decision.allowed && !decision.error;
    const requestId = isRoutine ? undefined : requestIdOf(request.headers);
    // What no rule decided holds in every mode.
    const ofMode = asker === UNASKED ? "enforce" : mode;
    const following = gate.follow(asker, decision, { tookMs, requestId, mode: ofMode });
    if (following) event.waitUntil(following);
    return requestId;
  }

  /** @param told the limits that the answer tells; none by default */
  async function pass(request: R, event: E, told?: Decision): Promise<Response> {
    const answer = writable(await goOn(request, event));
    if (told) writeLimitHeaders(answer.headers, told, legacyHeaders);
    const tellsLimits = told !== undefined && told.limits.length > 0;
    writeCorsHeaders(answer.headers, request, cors, { isDenial: false, tellsLimits });
    return answer;
  }

  async function deny(
    request: R,
    event: E,
    { rules }: Asked,
    decision: Decision,
    requestId: string | undefined,
  ): Promise<Response> {
    const told = toldOf(decision, rules, request.method, showGlobalLimits);
    const worded = await wordedByApp(request, event, decision);
    const answer = writable(worded ?? deniedResponse(request, told, legacyHeaders));
    // Also in the app's own words: no other client, and no later request, may be given this answer.
    answer.headers.set("Cache-Control", "no-store");
    for (const name of OF_CACHES) answer.headers.delete(name);
    if (requestId) answer.headers.set("x-request-id", requestId);
    writeLimitHeaders(answer.headers, told, legacyHeaders);
    writeCorsHeaders(answer.headers, request, cors, { isDenial: true, tellsLimits: true });
    return answer;
  }

  async function goOn(request: R, event: E): Promise<Response> {
    return (await next(request, event)) ?? passOn();
  }

  async function wordedByApp(request: R, event: E, decision: Decision) {
    try {
      return await onDenied?.(request, decision);
    } catch (error) {
      event.waitUntil(gate.report({ kind: "failure", during: "denied-hook", error }));
      return undefined;
    }
  }
}

/** To caches that know them, these count for more than Cache-Control (RFC 9213). */
const OF_CACHES = ["CDN-Cache-Control", "Vercel-CDN-Cache-Control", "Surrogate-Control"];

/** Stands for the rules where none was asked. */
const UNASKED: Asked = {
  rules: {
    rules: [],
    limits: [],
    shadows: [],
    onStoreFailure: "allow",
    maxBody: undefined,
    admit: "strict",
  },
  clients: [],
  addressKnown: true,
};

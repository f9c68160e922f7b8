import type { Decision } from "#lib/core/decision";
import type { Observer } from "#lib/observe/observer";
import type { CompiledRule } from "#lib/policy/types";
import { writeCorsHeaders } from "#lib/respond/cors";
import { denialOf } from "#lib/respond/denied-response";
import { writeLimitHeaders } from "#lib/respond/headers";
import { passOn, writable } from "#lib/respond/pass";
import type { HeadgateOptions } from "./options.ts";

/** The second argument of middleware: Next's event, or the context of Workers. */
export interface AfterAnswer {
  waitUntil(work: Promise<unknown>): void;
}

/** The result of an app's own middleware; without a response the request goes on. */
export type Answer = Response | undefined | null | void;

/** An app's own middleware. */
export type Next<R, E> = (request: R, event: E) => Answer | Promise<Answer>;

/** A denial, and the part of it that the response may show. */
export interface Denial {
  readonly decision: Decision;
  readonly shown: Decision;
  readonly requestId: string | undefined;
}

/** Caches that know these headers prefer them to Cache-Control (RFC 9213). */
const OF_CACHES = ["CDN-Cache-Control", "Vercel-CDN-Cache-Control", "Surrogate-Control"];

/** Makes the responses of a gate. */
export class Responses<R extends Request, E extends AfterAnswer> {
  readonly #options: HeadgateOptions;
  readonly #next: Next<R, E>;
  readonly #observer: Observer;

  constructor(options: HeadgateOptions, next: Next<R, E>, observer: Observer) {
    this.#options = options;
    this.#next = next;
    this.#observer = observer;
  }

  /** Passes on a request that no rule matches. */
  async goOn(request: R, event: E): Promise<Response> {
    return (await this.#next(request, event)) ?? passOn();
  }

  /** Passes on an allowed request. @param shown the limits that its response shows; by default no limits */
  async allowed(request: R, event: E, shown?: Decision): Promise<Response> {
    const { legacyHeaders = false, cors } = this.#options;
    const answer = (await this.#next(request, event)) ?? passOn();
    const showsLimits = shown !== undefined && shown.limits.length > 0;
    if (!showsLimits && !cors) return answer;
    const response = writable(answer);
    if (showsLimits) writeLimitHeaders(response.headers, shown, legacyHeaders);
    if (cors) writeCorsHeaders(response.headers, request, cors, { isDenial: false, showsLimits });
    return response;
  }

  /** Returns the response to a denied request: the app's own (`onDenied`), or Headgate's. */
  async denied(request: R, event: E, { decision, shown, requestId }: Denial): Promise<Response> {
    const { legacyHeaders = false, cors } = this.#options;
    const own = await this.#ownDenial(request, event, decision);
    const response = writable(own ?? denialOf(request, shown));
    // The app's own response too must not be given to another client, or to a later request.
    response.headers.set("Cache-Control", "no-store");
    for (const name of OF_CACHES) response.headers.delete(name);
    if (requestId) response.headers.set("x-request-id", requestId);
    writeLimitHeaders(response.headers, shown, legacyHeaders);
    if (cors)
      writeCorsHeaders(response.headers, request, cors, { isDenial: true, showsLimits: true });
    return response;
  }

  /**
   * Returns the decision with the limits that the response may show. An allowed response shows only the limits
   * of rules whose `headers` permit it, since a cache may give the response to other clients. Limits that count
   * all clients together are shown only with `showGlobalLimits`. The wait is kept in any case.
   */
  shownOf(decision: Decision, rules: readonly CompiledRule[], method: string): Decision {
    const { showGlobalLimits = false } = this.#options;
    const showing = decision.allowed ? rules.filter((rule) => showsAlways(rule, method)) : rules;
    if (showing.length === 0) return { ...decision, limits: [] };
    const names = new Set(showing.map(({ name }) => name));
    const limits = decision.limits.filter(
      ({ rule, global }) => names.has(rule) && (showGlobalLimits || !global),
    );
    return { ...decision, limits };
  }

  async #ownDenial(request: R, event: E, decision: Decision) {
    try {
      return await this.#options.onDenied?.(request, decision);
    } catch (error) {
      event.waitUntil(this.#observer.after([{ kind: "failure", during: "denied-hook", error }]));
      return undefined;
    }
  }
}

function showsAlways({ headers }: CompiledRule, method: string): boolean {
  if (headers !== undefined) return headers === "always";
  return method !== "GET" && method !== "HEAD";
}

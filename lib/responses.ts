import type { Decision } from "#lib/core/decision";
import type { Observer } from "#lib/observe/observer";
import type { CompiledRule } from "#lib/policy/types";
import { writeCorsHeaders } from "#lib/respond/cors";
import { denialOf } from "#lib/respond/denied-response";
import { writeLimitHeaders } from "#lib/respond/headers";
import { passOn, writable } from "#lib/respond/pass";
import type { HeadgateOptions } from "./options.ts";

/** What Next hands to middleware beside the request, and Workers as their context. */
export interface AfterAnswer {
  waitUntil(work: Promise<unknown>): void;
}

/** What an app's own middleware may answer; nothing lets the request go on. */
export type Answer = Response | undefined | null | void;

/** An app's own middleware. */
export type Next<R, E> = (request: R, event: E) => Answer | Promise<Answer>;

/** A denial, and as much of it as the response tells. */
export interface Denial {
  readonly decision: Decision;
  readonly told: Decision;
  readonly requestId: string | undefined;
}

/** To caches that know them, these count for more than Cache-Control (RFC 9213). */
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

  /** Lets a request go on that no rule matches. */
  async goOn(request: R, event: E): Promise<Response> {
    return (await this.#next(request, event)) ?? passOn();
  }

  /** Lets a request go on. @param told the limits that its response tells; none by default */
  async allowed(request: R, event: E, told?: Decision): Promise<Response> {
    const { legacyHeaders = false, cors } = this.#options;
    const answer = (await this.#next(request, event)) ?? passOn();
    const tellsLimits = told !== undefined && told.limits.length > 0;
    if (!tellsLimits && !cors) return answer;
    const response = writable(answer);
    if (tellsLimits) writeLimitHeaders(response.headers, told, legacyHeaders);
    if (cors) writeCorsHeaders(response.headers, request, cors, { isDenial: false, tellsLimits });
    return response;
  }

  /** Returns the response to a denied request, in the app's own words where it has some. */
  async denied(request: R, event: E, { decision, told, requestId }: Denial): Promise<Response> {
    const { legacyHeaders = false, cors } = this.#options;
    const own = await this.#ownDenial(request, event, decision);
    const response = writable(own ?? denialOf(request, told));
    // Also in the app's own words: no other client, and no later request, may be given this answer.
    response.headers.set("Cache-Control", "no-store");
    for (const name of OF_CACHES) response.headers.delete(name);
    if (requestId) response.headers.set("x-request-id", requestId);
    writeLimitHeaders(response.headers, told, legacyHeaders);
    if (cors)
      writeCorsHeaders(response.headers, request, cors, { isDenial: true, tellsLimits: true });
    return response;
  }

  /**
   * Returns the decision as the response to one request may tell it. An allowed response tells the limits
   * of rules that say so, since a cache may give it to other clients. Limits that count all clients
   * together are told on request alone: how they stand is what others do. How long to wait stays.
   */
  toldOf(decision: Decision, rules: readonly CompiledRule[], method: string): Decision {
    const { showGlobalLimits = false } = this.#options;
    const telling = decision.allowed ? rules.filter((rule) => tellsAlways(rule, method)) : rules;
    if (telling.length === 0) return { ...decision, limits: [] };
    const names = new Set(telling.map(({ name }) => name));
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

function tellsAlways({ headers }: CompiledRule, method: string): boolean {
  if (headers !== undefined) return headers === "always";
  return method !== "GET" && method !== "HEAD";
}

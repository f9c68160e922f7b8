import type { Requester, UpstashRequest, UpstashResponse } from "@upstash/redis";
import type { HeadgateError } from "#lib/core/errors";
import { invalidSettings, isToken } from "#lib/core/settings";
import { readHttpAddress, REST_ADDRESS, REST_TOKEN } from "#lib/core/store-address";
import { type BreakerChange, createBreaker } from "./breaker.ts";
import { DEFAULT_DEADLINE_MS } from "./deadline.ts";
import { isStoreFailure, rejected, StoreError } from "./errors.ts";
import { noStore } from "./no-store.ts";

export type { UpstashRequest, UpstashResponse } from "@upstash/redis";

export interface BreakerSettings {
  /**
   * The longest that a call may take, in milliseconds.
   * @default 500
   */
  readonly deadlineMs?: number;
  /** Hears when so many calls failed that none is tried, and when they are tried again. */
  readonly onBreakerChange?: (change: BreakerChange) => void;
}

export interface RequesterOptions extends BreakerSettings {
  /**
   * The store's REST address, https outside a machine's own loopback. With undefined every call fails:
   * config/env.ts has none where HEADGATE_MODE is off and no store is named.
   */
  readonly url: string | undefined;
  /** Its bearer token. */
  readonly token: string;
  /**
   * The runtime's fetch, or another for tests.
   * @default globalThis.fetch
   */
  readonly fetch?: typeof fetch;
}

/** A probe of which nothing was heard by then has lost its request. */
const PROBE_MARGIN_MS = 100;

/**
 * Sends one REST call (Upstash's protocol) and reads its answer: once, never again, and never
 * longer than the deadline; not at all while the breaker is open. Joining several callers into one
 * call happens at this seam (`joinCalls`): whatever has `request` can stand here.
 *
 * Throws {@link StoreError} for everything that goes wrong.
 *
 * @throws {HeadgateError} ENV_INVALID for an address that is none of REST, or a token that no header
 *   can hold
 */
export function createRequester(options: RequesterOptions): Requester {
  if (options.url === undefined) return noStore();
  const base = readHttpAddress(options.url);
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const send = options.fetch ?? ((...call: Parameters<typeof fetch>) => fetch(...call));
  if (base === undefined) throw notRest();
  const token = options.token.trim();
  if (!isToken(token)) throw invalidSettings({ UPSTASH_REDIS_REST_TOKEN: REST_TOKEN });
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  };

  async function sendOnce<Result>(
    what: string,
    request: UpstashRequest,
  ): Promise<UpstashResponse<Result>> {
    let response: Response;
    let text: string;
    // A timer of our own, since it can be cleared: AbortSignal.timeout lives on after its call.
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), deadlineMs);
    try {
      response = await send([base, ...(request.path ?? [])].join("/"), {
        method: "POST",
        headers,
        body: JSON.stringify(request.body),
        cache: "no-store",
        redirect: "manual",
        signal: abort.signal,
      });
      text = await response.text();
    } catch (cause) {
      throw lostCall(what, abort.signal.aborted, deadlineMs, cause);
    } finally {
      clearTimeout(timer);
    }
    return readAnswer<Result>(what, response.status, text);
  }

  return withBreaker(sendOnce, options);
}

/** Sends one call, named for errors; never longer than the deadline. Throws {@link StoreError}. */
export type SendOnce = <Result>(
  what: string,
  request: UpstashRequest,
) => Promise<UpstashResponse<Result>>;

/** A requester that sends by another way than REST, or by it, and not at all while the store fails. */
export function withBreaker(
  sendOnce: SendOnce,
  { deadlineMs = DEFAULT_DEADLINE_MS, onBreakerChange }: BreakerSettings,
): Requester {
  const breaker = createBreaker({
    probeMs: deadlineMs + PROBE_MARGIN_MS,
    onChange: onBreakerChange,
  });
  return {
    async request<Result>(request: UpstashRequest): Promise<UpstashResponse<Result>> {
      const what = commandName(request);
      const attempt = breaker.admit();
      if (attempt instanceof StoreError) throw notTried(what, attempt);
      try {
        const answer = await sendOnce<Result>(what, request);
        attempt.succeeded();
        return answer;
      } catch (error) {
        if (isStoreFailure(error)) attempt.failed(error);
        else attempt.succeeded();
        throw error;
      }
    },
  };
}

/** The command's name alone; of a pipeline, that it is one. */
function commandName(request: UpstashRequest): string {
  const first: unknown = Array.isArray(request.body) ? request.body[0] : undefined;
  if (typeof first !== "string") return request.path?.join("/") ?? "a call";
  return /^[a-z]{1,24}$/i.test(first) ? first.toUpperCase() : "a call";
}

function notRest(): HeadgateError {
  return invalidSettings({
    UPSTASH_REDIS_REST_URL: `${REST_ADDRESS} (REDIS_URL is reached by TCP, on Node alone, docs/proxy.md, or by \`npm run gateway\`)`,
  });
}

function notTried(what: string, cause: StoreError): StoreError {
  return new StoreError(
    "STORE_NOT_TRIED",
    `${what}: not sent, since the store failed again and again, last with ${cause.code}. It is tried again every few seconds.`,
    { cause },
  );
}

function lostCall(what: string, timedOut: boolean, deadlineMs: number, cause: unknown): StoreError {
  if (timedOut) {
    return new StoreError(
      "STORE_TIMEOUT",
      `${what}: no answer from the store within ${deadlineMs} ms (HEADGATE_STORE_DEADLINE_MS).`,
      { cause },
    );
  }
  return new StoreError(
    "STORE_UNREACHABLE",
    `${what}: the store could not be reached. Check UPSTASH_REDIS_REST_URL and that the store runs.`,
    { cause },
  );
}

function readAnswer<Result>(what: string, status: number, text: string): UpstashResponse<Result> {
  if (status === 401 || status === 403) {
    throw new StoreError(
      "STORE_UNAUTHORIZED",
      `${what}: the store refused our token. Check UPSTASH_REDIS_REST_TOKEN.`,
    );
  }
  if (status === 429) {
    throw new StoreError(
      "STORE_OVER_QUOTA",
      `${what}: the store answered 429; its own quota is used up. Look at its plan.`,
    );
  }
  if (status >= 500) {
    const code = status === 504 ? "STORE_TIMEOUT" : "STORE_UNREACHABLE";
    throw new StoreError(code, `${what}: the store answered ${status}; its Redis does not serve.`);
  }
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw badAnswer(what, status, cause);
  }
  if (Array.isArray(answer)) {
    // Of a pipeline: one object a command. The client's own code reads it.
    return answer as unknown as UpstashResponse<Result>;
  }
  if (typeof answer !== "object" || answer === null) throw badAnswer(what, status);
  if ("error" in answer && typeof answer.error === "string") throw rejected(what, answer.error);
  if (status !== 200 || !("result" in answer)) throw badAnswer(what, status);
  return { result: answer.result as Result };
}

function badAnswer(what: string, status: number, cause?: unknown): StoreError {
  return new StoreError(
    "STORE_BAD_ANSWER",
    `${what}: the answer (status ${status}) is not the Upstash REST protocol's. Does UPSTASH_REDIS_REST_URL name a REST address?`,
    { cause },
  );
}

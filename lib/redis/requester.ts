import type { Requester, UpstashRequest, UpstashResponse } from "./upstash-protocol.ts";
import { monotonic } from "#lib/core/clock";
import type { HeadgateError } from "#lib/core/errors";
import type { StoreEvent } from "#lib/core/events";
import type { Clock } from "#lib/core/clock";
import { settingsError, isToken } from "#lib/core/settings";
import { readHttpAddress, REST_ADDRESS, REST_TOKEN } from "#lib/core/store-address";
import {
  Breaker,
  type BreakerChange,
  isScript,
  type Outcome,
  outcomeOf,
  outcomeOfThrown,
} from "./breaker.ts";
import { commandNames, readAnswer, titleOf } from "./protocol.ts";
import { DEFAULT_DEADLINE_MS } from "./deadline.ts";
import { asStoreError, errorIn, StoreError } from "./errors.ts";
import { noStore } from "./no-store.ts";

/** A call that has ended, for listeners. */
export type StoreCall = Omit<StoreEvent, "kind">;

/** The deadline of calls, and the settings of the breaker. */
export interface BreakerSettings {
  /**
   * The longest that a call may take, in milliseconds.
   * @default 500
   * @example
   * createScriptStore({ url, token, deadlineMs: 250 });
   */
  readonly deadlineMs?: number;
  /**
   * Called when the breaker opens, so that no more calls are sent, and when it closes.
   * @default no change is reported
   * @example
   * createScriptStore({ url, token, onBreakerChange: ({ state }) => console.warn(`breaker: ${state}`) });
   */
  readonly onBreakerChange?: (change: BreakerChange) => void;
  /**
   * The breaker's clock, in milliseconds. Only tests set it.
   * @default the runtime's monotonic clock
   * @example
   * createScriptStore({ url, token, clock: () => performance.now() });
   */
  readonly clock?: Clock | undefined;
}

export interface RequesterOptions extends BreakerSettings {
  /**
   * The store's REST address, https except on loopback. If it is undefined, as `fromEnv` returns it for an
   * environment without a store, every call fails.
   * @example
   * createScriptStore({ url: "https://store.example", token });
   */
  readonly url: string | undefined;
  /**
   * The bearer token of the store.
   * @example
   * createScriptStore({ url, token: process.env["UPSTASH_REDIS_REST_TOKEN"] ?? "" });
   */
  readonly token: string;
  /**
   * The runtime's fetch, or another for tests.
   * @default globalThis.fetch
   * @example
   * createScriptStore({ url, token, fetch: (input, init) => fetch(input, { ...init, cache: "no-store" }) });
   */
  readonly fetch?: typeof fetch;
}

/** A probe without a result so long after its deadline was stopped with its request, in milliseconds. */
const PROBE_MARGIN_MS = 100;

/**
 * Makes a requester that sends REST calls of Upstash's protocol. Each call is sent once, without a retry,
 * takes no longer than the deadline, and is not sent while the breaker is open. `batchCalls` wraps a
 * requester to batch its calls.
 *
 * Every failure of a call is a {@link StoreError}.
 *
 * @throws {HeadgateError} ENV_INVALID when the address is not a REST address, or no header can hold the
 *   token
 */
export function createRequester(options: RequesterOptions): Requester {
  if (options.url === undefined) return noStore();
  const base = readHttpAddress(options.url);
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  if (base === undefined) throw notRest();
  const token = options.token.trim();
  if (!isToken(token)) throw settingsError({ UPSTASH_REDIS_REST_TOKEN: REST_TOKEN });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const cacheOf = cacheReader();

  async function sendOnce<Result>(
    what: string,
    request: UpstashRequest,
  ): Promise<UpstashResponse<Result>> {
    let response: Response;
    let text: string;
    // This timer can be cleared; that of AbortSignal.timeout would outlive the call.
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), deadlineMs);
    // The global is read at each call, because Next may have replaced it.
    const send = options.fetch ?? fetch;
    try {
      response = await send([base, ...(request.path ?? [])].join("/"), {
        method: "POST",
        headers,
        body: JSON.stringify(request.body),
        redirect: "manual",
        signal: abort.signal,
        ...cacheOf(send),
      });
      text = await response.text();
    } catch (cause) {
      throw lostCall(what, abort.signal.aborted, deadlineMs, cause);
    } finally {
      clearTimeout(timer);
    }
    return readAnswer<Result>(request, response.status, text);
  }

  return withBreaker(sendOnce, options);
}

/**
 * Makes the function that returns the `cache` option of a call. Next's fetch, which is written in JavaScript,
 * caches a reply unless it gets "no-store". A native fetch caches no reply to a POST, and workerd's would
 * send two more headers for the option.
 */
function cacheReader() {
  let known: typeof fetch | undefined;
  let option: Pick<RequestInit, "cache"> = {};
  return (send: typeof fetch) => {
    if (send !== known) {
      known = send;
      option = NATIVE_FETCH.test(String(send)) ? {} : { cache: "no-store" };
    }
    return option;
  };
}

const NATIVE_FETCH = /^function fetch\(\) \{\s*\[native code\]\s*\}$/;

/** Sends one call within the deadline; `what` names it in errors. Throws {@link StoreError}. */
export type SendOnce = <Result>(
  what: string,
  request: UpstashRequest,
) => Promise<UpstashResponse<Result>>;

/** Makes a requester with a breaker over any transport: it does not send while the store fails. */
export function withBreaker(
  sendOnce: SendOnce,
  { deadlineMs = DEFAULT_DEADLINE_MS, onBreakerChange, clock }: BreakerSettings,
): Requester {
  const breaker = new Breaker({
    probeMs: deadlineMs + PROBE_MARGIN_MS,
    onChange: onBreakerChange,
    clock,
  });
  async function send<Result>(request: UpstashRequest): Promise<UpstashResponse<Result>> {
    const commands = commandNames(request);
    const what = request.path?.join("/") ?? commands[0] ?? "a call";
    const attempt = breaker.admit(commands.some(isScript));
    if (!("ended" in attempt)) throw notTried(what, attempt);
    try {
      const answer = await sendOnce<Result>(what, request);
      attempt.ended(outcomeOfAnswer(request, commands, answer));
      return answer;
    } catch (error) {
      attempt.ended(outcomeOfThrown(commands, error));
      throw error;
    }
  }

  return { request: send };
}

/**
 * Returns a requester that reports each call when it has ended or was not sent.
 *
 * @param onCall must not throw
 */
export function watched(requester: Requester, onCall: (call: StoreCall) => void): Requester {
  const request = async <Result>(asked: UpstashRequest) => {
    const sentAt = monotonic();
    const callOf = (error?: Error): StoreCall => ({
      command: titleOf(asked),
      commands: commandNames(asked).length,
      tookMs: error && isNotTried(error) ? 0 : monotonic() - sentAt,
      ...(error && { error }),
    });
    try {
      const answer = await requester.request<Result>(asked);
      onCall(callOf());
      return answer;
    } catch (error) {
      onCall(callOf(asStoreError(error)));
      throw error;
    }
  };
  return { request };
}

function isNotTried(error: Error): boolean {
  return error instanceof StoreError && error.code === "STORE_NOT_TRIED";
}

/** Returns the outcome of an answer. The answer to a pipeline has an error for each rejected command. */
function outcomeOfAnswer(
  { path }: UpstashRequest,
  commands: readonly string[],
  answer: unknown,
): Outcome {
  // The rejection of a single command was thrown.
  if (path === undefined) return { kind: commands.some(isScript) ? "works" : "answers" };
  const answers: readonly unknown[] = Array.isArray(answer) ? answer : [];
  const errorOf = (command: string, i: number) => errorIn(command, answers[i]);
  return outcomeOf(commands, commands.map(errorOf));
}

function notRest(): HeadgateError {
  return settingsError({
    UPSTASH_REDIS_REST_URL: `${REST_ADDRESS}: for redis:// run \`headgate gateway\`, or, in Node alone, use headgate/tcp`,
  });
}

function notTried(what: string, cause: StoreError): StoreError {
  return new StoreError(
    "STORE_NOT_TRIED",
    `${what}: not sent, since recent calls failed, last with ${cause.code}. The store is tried again every few seconds.`,
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

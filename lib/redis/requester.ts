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

export type { Requester, UpstashRequest, UpstashResponse } from "./upstash-protocol.ts";

/** A call that has ended, for those who watch the store. */
export type StoreCall = Omit<StoreEvent, "kind">;

/** How long a call may take, when calls are no longer sent, and who is told of that. */
export interface BreakerSettings {
  /**
   * The longest that a call may take, in milliseconds.
   * @default 500
   */
  readonly deadlineMs?: number;
  /** Called when so many calls failed that no more are sent, and when calls are sent again. */
  readonly onBreakerChange?: (change: BreakerChange) => void;
  /**
   * What the breaker goes by, in milliseconds: another clock than the runtime's is for tests.
   * @default the runtime's own, which never goes back
   */
  readonly clock?: Clock | undefined;
}

export interface RequesterOptions extends BreakerSettings {
  /**
   * The store's REST address, https outside a machine's own loopback. With undefined every call fails:
   * `fromEnv` has none where no store is named.
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
    // A timer of our own, since it can be cleared: AbortSignal.timeout lives on after its call.
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), deadlineMs);
    // The runtime's is looked up for each call, because Next may have put its own in that place.
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
 * Makes the function that returns the `cache` option of a call. Next's fetch would keep a reply that it is not
 * told to leave. It is written in JavaScript, and a fetch that the runtime itself brings keeps no reply to a
 * POST; workerd's would send two more headers for the option.
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

/** Sends one call, named for errors; never longer than the deadline. Throws {@link StoreError}. */
export type SendOnce = <Result>(
  what: string,
  request: UpstashRequest,
) => Promise<UpstashResponse<Result>>;

/** A requester that sends by another way than REST, or by it, and not at all while the store fails. */
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
 * Returns a requester that tells of each of its calls when the call has ended, or was not sent.
 *
 * @param onCall must not throw
 */
export function watched(requester: Requester, onCall: (call: StoreCall) => void): Requester {
  const request = async <Result>(asked: UpstashRequest) => {
    const sentAt = monotonic();
    const told = (error?: Error): StoreCall => ({
      command: titleOf(asked),
      commands: commandNames(asked).length,
      tookMs: error && isNotTried(error) ? 0 : monotonic() - sentAt,
      ...(error && { error }),
    });
    try {
      const answer = await requester.request<Result>(asked);
      onCall(told());
      return answer;
    } catch (error) {
      onCall(told(asStoreError(error)));
      throw error;
    }
  };
  return { request };
}

function isNotTried(error: Error): boolean {
  return error instanceof StoreError && error.code === "STORE_NOT_TRIED";
}

/** A pipeline is answered as a whole, with an error in the place of each command that was refused. */
function outcomeOfAnswer(
  { path }: UpstashRequest,
  commands: readonly string[],
  answer: unknown,
): Outcome {
  // A command that was refused is thrown.
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

import { durationMs } from "#lib/core/duration";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent, Listener } from "#lib/core/events";
import type { Time } from "#lib/core/clock";
import { createHeadgate, type Gate, type GateSettings } from "#lib/create";
import { DEFAULT_IPV6_PREFIX } from "#lib/core/canonical-address";
import type { Given } from "#lib/limits";
import type { AnyPolicy, IdentityName, RuleName } from "#lib/policy/define";
import type { AfterAnswer, Next } from "#lib/responses";
import { exhaustOf } from "./exhaust.ts";
import { ADDRESS_HEADER, requestOf, type TestRequest } from "./request.ts";
import { TestStore } from "./store.ts";
import { settled, TestTime } from "./time.ts";

/** The options of a test's gate that differ from the defaults. */
export interface TestGateOptions extends Partial<
  Pick<
    GateSettings,
    | "mode"
    | "onDenied"
    | "onEvent"
    | "rewrites"
    | "showGlobalLimits"
    | "corsOrigins"
    | "corsExposedHeaders"
    | "legacyHeaders"
    | "ipv6Prefix"
    | "nextMaxBody"
    | "secret"
    | "namespace"
  >
> {
  /**
   * The app's own middleware, behind the gate as with `gate.wrap`.
   * @default every allowed request goes on
   * @example
   * createTestGate(policy, { next: () => new Response("from the app") });
   */
  readonly next?: Next<Request, AfterAnswer>;
  /**
   * The first time of the clock: milliseconds since 1970, or a date.
   * @default January 1, 2026, 00:00 UTC, so that windows are the same in each run
   * @example
   * createTestGate(policy, { startsAt: new Date("2026-03-29T00:30:00Z") });
   */
  readonly startsAt?: number | Date;
}

/**
 * A gate for tests. It reads no variables, makes no network calls, and its clock stands still until it is
 * moved.
 */
export interface TestGate<P extends AnyPolicy> extends Gate<P> {
  /** The clock of the handle, which the tools of handlers use too. */
  readonly time: Time;
  /**
   * Returns a request with an address that this gate trusts.
   *
   * @param path the path with its query, or a complete URL; the site is http://localhost
   */
  readonly request: (path: string, about?: TestRequest) => Request;
  /**
   * Sends a request through the middleware, and resolves when all work after the response is done: events
   * have been sent, and optimistic rules have counted.
   *
   * @param to a path, or a request that `request` made
   */
  readonly send: (to: string | Request, about?: TestRequest) => Promise<Response>;
  /**
   * Uses up the limits of a rule for one client, so that its next request is denied.
   *
   * @param client the address and other identities; the address is "203.0.113.1" if it is not given
   * @param limit the name of one limit, such as "search:ip:minute"; by default all limits of the rule
   * @throws {HeadgateError} LIMIT_UNKNOWN_RULE; LIMIT_BAD_ARGUMENT when the rule has no such limit, or the
   *   store is down
   */
  readonly exhaust: (
    rule: RuleName<P>,
    client?: Given<IdentityName<P>>,
    limit?: string,
  ) => Promise<void>;
  /**
   * Moves the clock of the gate, of its store and of its tools. Everything that is due in between happens at
   * its own time: renewals of locks and claims, their ends, and the next attempts of waiting callers.
   *
   * @param time milliseconds, or a text such as "1 minute"
   * @throws {HeadgateError} LIMIT_BAD_ARGUMENT when `time` is not such a time
   */
  readonly advance: (time: number | string) => Promise<void>;
  /**
   * Makes the store unavailable or available. While it is down, each call fails with STORE_TIMEOUT at once,
   * without time passing. After five failures the breaker sends no calls, and tries again 0.1 to 3 seconds
   * later.
   */
  readonly storeIs: (state: "up" | "down") => void;
  /** Resolves to the events so far, the oldest first; see docs/reference/events.md. */
  readonly events: () => Promise<readonly HeadgateEvent[]>;
}

/** In real milliseconds, so that a resolver of identities that hangs does not block the test run. */
const DEADLINE_MS = 10_000;

const BEGINNING = Date.parse("2026-01-01T00:00:00Z");

const DEFAULTS = {
  cluster: false,
  batches: false,
  namespace: "test",
  isNamespaceShared: false,
  mode: "enforce",
  secret: "the secret of headgate/testing, no secret",
  clientAddress: { from: "header", header: ADDRESS_HEADER },
  ipv6Prefix: DEFAULT_IPV6_PREFIX,
  corsOrigins: [],
  corsExposedHeaders: [],
  legacyHeaders: false,
  nextMaxBody: undefined,
} as const;

/**
 * Makes a gate for tests: the gate of a policy with a store in memory and one clock, which stands still until
 * the test moves it. Limits, denials, local counts, the breaker, locks, dedup and idempotency use that clock.
 * Each gate has a separate store.
 *
 * @param policy the policy of the app, or a separate one for the test
 * @param options the options that differ from the defaults
 * @throws {PolicyError} with every problem of the policy
 * @example
 * const gate = createTestGate(policy);
 * await gate.exhaust("search", { ip: "203.0.113.7" });
 * expectDenied(await gate.send("/api/search", { ip: "203.0.113.7" }), { rule: "search", retryAfter: 60 });
 * await gate.advance("1 minute");
 * expectAllowed(await gate.send("/api/search", { ip: "203.0.113.7" }));
 * @example
 * const gate = createTestGate(policy, { startsAt: new Date("2026-05-01T12:00:00Z") });
 * gate.storeIs("down");
 * const request = gate.request("/api/search", { method: "POST", cookies: { session: token } });
 * expectDenied(await gate.send(request), { status: 503 });
 * const decisions = (await gate.events()).filter(({ kind }) => kind === "decision");
 */
export function createTestGate<P extends AnyPolicy>(
  policy: P,
  options: TestGateOptions = {},
): TestGate<P> {
  const { next, startsAt = BEGINNING, onEvent = [], ...given } = options;
  const time = new TestTime(Number(startsAt));
  const store = new TestStore(time.now);
  const recorder = new Recorder(onEvent);
  const secret = given.secret ?? DEFAULTS.secret;
  const gate = createHeadgate(policy, {
    ...DEFAULTS,
    ...given,
    visitorSecret: secret,
    store: { url: undefined, token: "", deadlineMs: DEADLINE_MS },
    connect: store.connect,
    limitStore: store.limitStore,
    clock: time.now,
    onEvent: recorder.listener,
  });
  gate.check();
  const middleware = next ? gate.wrap(next) : gate.middleware;
  const exhaust = exhaustOf(policy, gate, store);

  const settle = () => settled(store);

  return {
    ...gate,
    middleware,
    time,
    request: requestOf,
    async send(to, about) {
      const work: Promise<unknown>[] = [];
      const request = typeof to === "string" ? requestOf(to, about) : to;
      const response = await middleware(request, { waitUntil: (each) => void work.push(each) });
      await Promise.all(work);
      return response;
    },
    exhaust: (rule, client, limit) => recorder.silently(() => exhaust(rule, client, limit), settle),
    advance: async (given) => time.advance(millisecondsOf(given), settle),
    storeIs(state) {
      store.isUp = state === "up";
    },
    async events() {
      await settle();
      return [...recorder.events];
    },
  };
}

/** Keeps events, and passes them on to the listeners of the test. */
class Recorder {
  readonly events: HeadgateEvent[] = [];
  readonly #listeners: readonly Listener[];
  #isSilent = false;

  constructor(given: Listener | readonly Listener[]) {
    this.#listeners = typeof given === "function" ? [given] : given;
  }

  readonly listener: Listener = async (event) => {
    if (this.#isSilent) return;
    this.events.push(event);
    await Promise.all(this.#listeners.map((listener) => listener(event)));
  };

  /** Does work without keeping its events. Earlier events are sent first. */
  async silently(work: () => Promise<void>, settle: () => Promise<void>): Promise<void> {
    await settle();
    this.#isSilent = true;
    try {
      await work();
      await settle();
    } finally {
      this.#isSilent = false;
    }
  }
}

/** @throws {HeadgateError} LIMIT_BAD_ARGUMENT */
function millisecondsOf(time: number | string): number {
  const ms = typeof time === "number" ? time : durationMs(time);
  if (ms !== undefined && Number.isFinite(ms) && ms >= 0) return ms;
  throw new HeadgateError(
    "LIMIT_BAD_ARGUMENT",
    `advance: time must be milliseconds from 0, or a text such as "1 minute", not ${typeof time === "number" ? time : JSON.stringify(time)}.`,
  );
}

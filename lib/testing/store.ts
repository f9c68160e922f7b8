import type { Clock } from "#lib/core/clock";
import type { StoreParts } from "#lib/create";
import type { Store } from "#lib/gateway/store/store";
import { answer } from "#lib/gateway/routes";
import { ReplyPool } from "#lib/gateway/store/reply-budget";
import { RequestError } from "#lib/gateway/request-error";
import type { LimitStore } from "#lib/limit/store";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { StoreError } from "#lib/redis/errors";
import { readAnswer } from "#lib/redis/protocol";
import { type BreakerSettings, withBreaker } from "#lib/redis/requester";
import type { Requester, UpstashRequest, UpstashResponse } from "#lib/redis/upstash-protocol";

/**
 * Represents each call of the limits. For events and the breaker it looks like the script of the real store.
 */
const LIMITS_CALL: UpstashRequest = { body: ["evalsha", "limits", "0"] };

const MIB = 1024 * 1024;

/**
 * The permissions of the store's commands. Commands that affect other users of a server are permitted,
 * because a test's store has no other users.
 */
const PERMISSIONS = { pipelineCommands: 10_000, allowFlush: true, allowShared: true };

/**
 * The store of a test's gate: limits are counted by `MemoryLimits`, and everything else runs in the
 * embedded store, which is opened by its first call. Both are behind one connection with one breaker.
 */
export class TestStore {
  readonly #clock: Clock;
  readonly #memory: MemoryLimits;
  readonly #pool = new ReplyPool({ replyBytes: 16 * MIB, allReplyBytes: 64 * MIB });
  readonly #inFlight = new Set<Promise<unknown>>();
  #embedded: Promise<Store> | undefined;
  /** How many calls have begun. */
  calls = 0;
  /** False while each call fails. */
  isUp = true;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#memory = new MemoryLimits({ clock });
  }

  /** The counts of limits, without the connection. */
  get limits(): LimitStore {
    return this.#memory;
  }

  /** Makes the gate's connection. */
  readonly connect = (about: BreakerSettings): Requester =>
    withBreaker((what, request) => this.#tracked(this.#send(what, request)), about);

  /** Makes the store of the gate's limits: each check is one call on the connection, as with Redis. */
  readonly limitStore = ({ requester }: StoreParts): LimitStore => {
    const memory = this.#memory;
    const reached = () => requester.request(LIMITS_CALL);
    return {
      consume: (charges) => reached().then(() => memory.consume(charges)),
      peek: (charges) => reached().then(() => memory.peek(charges)),
      report: (charges) => reached().then(() => memory.report(charges)),
      refund: (taken) => reached().then(() => memory.refund(taken)),
      restore: (counts) => reached().then(() => memory.restore(counts)),
    };
  };

  /** Resolves when no call is in flight. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
  }

  async #send<Result>(what: string, request: UpstashRequest): Promise<UpstashResponse<Result>> {
    if (!this.isUp) throw new StoreError("STORE_TIMEOUT", `${what}: ${IS_DOWN}`);
    if (request === LIMITS_CALL) return { result: undefined } as UpstashResponse<Result>;
    const { status, body } = await this.#answer(request);
    return readAnswer<Result>(request, status, JSON.stringify(body));
  }

  /** Returns the answer that the gateway would give. */
  async #answer({ path = [], body }: UpstashRequest) {
    const budget = this.#pool.open();
    try {
      const store = await this.#opened();
      const { status, body: answered } = await answer(
        {
          method: "POST",
          path: `/${path.join("/")}`,
          query: "",
          body: Buffer.from(JSON.stringify(body)),
          base64: false,
          budget,
        },
        { store, ...PERMISSIONS },
      );
      return { status, body: Symbol.iterator in answered ? [...answered] : answered };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { status: error.status, body: { error: error.message } };
    } finally {
      budget.release();
    }
  }

  async #opened(): Promise<Store> {
    this.#embedded ??= openEmbedded(this.#clock);
    return this.#embedded;
  }

  async #tracked<T>(call: Promise<T>): Promise<T> {
    this.calls += 1;
    this.#inFlight.add(call);
    try {
      return await call;
    } finally {
      this.#inFlight.delete(call);
    }
  }
}

/** Loaded only when needed, because limits need neither Lua nor its package. */
async function openEmbedded(clock: Clock): Promise<Store> {
  try {
    const { openEmbeddedStore } = await import("#lib/embedded/store");
    return await openEmbeddedStore({ clock });
  } catch (cause) {
    // Locks and dedup report a store failure only as an event, which a test might not check.
    console.error(NEEDS_LUA, cause);
    throw new StoreError("STORE_UNREACHABLE", NEEDS_LUA, { cause });
  }
}

const IS_DOWN = 'the store does not answer, because the test called `storeIs("down")`.';

const NEEDS_LUA =
  "The store of headgate/testing could not be opened. Locks, dedup, idempotency and redisOf need the package wasmoon: npm install --save-dev wasmoon. Limits do not.";

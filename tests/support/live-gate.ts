import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { controlKeys, markOf } from "#lib/control/keys";
import { live } from "#lib/control/live";
import type { HeadgateEvent } from "#lib/core/events";
import { createHeadgate, type Gate, type GateSettings } from "#lib/create";
import { fromEnv } from "#lib/env";
import { type AnyPolicy, definePolicy } from "#lib/policy/define";
import type { Requester, UpstashRequest } from "#lib/redis/upstash-protocol";

/** Counts a user by a header that any client can set, which is for tests only. */
export const IDENTITIES = {
  user: ({ headers }: Request) => headers.get("x-user") ?? undefined,
};

/** A policy with one rule and a small limit. */
export const SEARCH = definePolicy({
  identities: IDENTITIES,
  rules: {
    search: { match: "/api/search", limits: { "user|ip": "3 per day" }, headers: "always" },
  },
});

/** A request and its client. */
export interface Sending {
  readonly ip?: string;
  readonly user?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An instance of an app whose gate follows control entries, with a clock that can be advanced. */
export interface LiveGate<P extends AnyPolicy> {
  readonly gate: Gate<P>;
  /** Every event so far. */
  readonly events: HeadgateEvent[];
  /** The names of the commands of each call of the store, in order. */
  readonly calls: string[][];
  /** Sends a request, and awaits the work after its response. */
  send(sending?: Sending): Promise<Response>;
  /** Sends a request several times, one after the other, and returns the statuses. */
  statuses(times: number, sending?: Sending): Promise<readonly number[]>;
  /** Advances the clock of this instance by milliseconds. */
  pass(ms: number): void;
}

/** The address of the store of instances. */
export interface LiveStoreAddress {
  readonly url: string;
  readonly token: string;
}

/** The options of an instance. */
export interface Starting<P extends AnyPolicy> {
  readonly policy: P;
  readonly namespace?: string;
  /** Further settings. */
  readonly settings?: Partial<GateSettings>;
  readonly env?: Readonly<Record<string, string>>;
}

let namespaces = 0;

/** Returns a namespace that no other test has. */
export function newNamespace(): string {
  namespaces += 1;
  return `live${process.pid}-${namespaces}`;
}

/** Starts an instance. */
export function startLiveGate<P extends AnyPolicy>(
  store: LiveStoreAddress,
  { policy, namespace = newNamespace(), settings: more, env }: Starting<P>,
): LiveGate<P> {
  const { missing: _, ...settings } = fromEnv({
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
    HEADGATE_SECRET: "a secret of the tests, long enough",
    HEADGATE_NAMESPACE: namespace,
    // The deadline is long, because no test depends on the speed of a loaded machine.
    HEADGATE_STORE_DEADLINE_MS: "10000",
    CLIENT_IP_FROM: "hops:1",
    NODE_ENV: "production",
    ...env,
  });
  const events: HeadgateEvent[] = [];
  const calls: string[][] = [];
  // This clock does not follow the real one, because requests take long on a loaded machine. Each reading
  // moves it a little, so that no two are equal.
  let now = performance.now();
  const gate = createHeadgate(policy, {
    ...settings,
    onEvent: (event) => void events.push(event),
    clock: () => (now += 0.001),
    live: (on) => {
      const made = live({ ...on, requester: telling(on.requester, calls) });
      return { ...bound(made), reading: (requester) => made.reading(telling(requester, calls)) };
    },
    ...more,
  });
  const send = async (sending: Sending = {}) => {
    const work: Promise<unknown>[] = [];
    const event = { waitUntil: (each: Promise<unknown>) => void work.push(each) };
    const response = await gate.middleware(requestOf(sending), event);
    await Promise.all(work);
    return response;
  };
  return {
    gate,
    events,
    calls,
    send,
    async statuses(times, sending) {
      const statuses: number[] = [];
      for (let i = 0; i < times; i += 1) statuses.push((await send(sending)).status);
      return statuses;
    },
    pass: (ms) => void (now += ms),
  };
}

function bound(made: ReturnType<typeof live>) {
  return { inForce: () => made.inForce(), due: () => made.due() };
}

function telling(requester: Requester, calls: string[][]): Requester {
  return {
    request: (request) => {
      calls.push(namesOf(request));
      return requester.request(request);
    },
  };
}

function namesOf({ path, body }: UpstashRequest): string[] {
  const commands = (path === undefined ? [body] : body) as readonly (readonly string[])[];
  return commands.map(([name]) => String(name).toUpperCase());
}

export function requestOf({
  ip = "203.0.113.7",
  user,
  path = "/api/search",
  headers,
}: Sending): Request {
  const named = user === undefined ? {} : { "x-user": user };
  return new Request(`https://app.example${path}`, {
    headers: { "x-forwarded-for": ip, ...named, ...headers },
  });
}

/** Writes entries directly into the store, and the version that announces the change. */
export async function writeEntries(
  redis: Redis,
  { keys }: Pick<Gate<AnyPolicy>, "keys">,
  entries: Readonly<Record<string, object | string>>,
): Promise<void> {
  const { entries: at, version } = controlKeys(keys);
  const until = Date.now() + 3_600_000;
  const fields = Object.entries(entries).flatMap(([id, entry]) => [
    id,
    typeof entry === "string" ? entry : JSON.stringify({ until, ...entry }),
  ]);
  if (fields.length > 0) await redis.hset(at, ...fields);
  await redis.set(version, randomUUID());
}

/** Removes entries. */
export async function removeEntries(
  redis: Redis,
  { keys }: Pick<Gate<AnyPolicy>, "keys">,
  ...ids: readonly string[]
): Promise<void> {
  const { entries, version } = controlKeys(keys);
  await redis.hdel(entries, ...ids);
  await redis.set(version, randomUUID());
}

/** Returns the value of an identity by which an entry names a client. */
export function clientEntry(
  { keyedHash }: Pick<Gate<AnyPolicy>, "keyedHash">,
  identity: string,
  value: string,
) {
  return { identity, client: keyedHash(identity, value), secret: markOf(keyedHash) };
}

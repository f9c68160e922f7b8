import { afterAll, beforeAll, beforeEach } from "vitest";
import { keysApart, startClusterStore, type TestClusterStore } from "../../support/cluster.ts";

/** Keys on three masters. */
export const [a, b, c] = keysApart("k");

export const UNREACHABLE = { status: 503, body: { error: "ERR Redis cannot be reached." } };
export const CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot";
export const COUNT = "return redis.call('INCR', KEYS[1])";
export const COUNT_BOTH = "return {redis.call('INCR', KEYS[1]), redis.call('INCR', KEYS[2])}";

/** Returns commands that count one for each key. */
export const incr = (...keys: readonly string[]) => keys.map((key) => ["INCR", key]);

export const ok = (body: unknown) => ({ status: 200, body });
export const rejected = (error: string) => ({ status: 400, body: { error } });

interface Address {
  readonly url: string;
  readonly token: string;
}

/** A cluster behind a gateway, which the tests do not stop. */
export interface Front extends Omit<TestClusterStore, "stop"> {
  /** Sends a body to a path of this gateway, or of another one. */
  readonly send: (
    path: string,
    body: unknown,
    to?: Address,
  ) => Promise<{ status: number; body: unknown }>;
}

/** Starts a cluster and its gateway for all tests of a file. The cluster is empty before each test. */
export function clusterFront(): Front {
  let store: TestClusterStore | undefined;
  const running = (): TestClusterStore => {
    if (!store) throw new Error("The cluster exists only within a test.");
    return store;
  };
  beforeAll(async () => {
    store = await startClusterStore();
  });
  beforeEach(async () => {
    await running().cluster.onMasters("FLUSHALL");
    await running().cluster.onMasters("SCRIPT", "FLUSH");
  });
  afterAll(() => store?.stop());
  return {
    get url() {
      return running().url;
    },
    get token() {
      return running().token;
    },
    get cluster() {
      return running().cluster;
    },
    send: (path, body, to = running()) => sendTo(to, path, body),
  };
}

async function sendTo({ url, token }: Address, path: string, body: unknown) {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

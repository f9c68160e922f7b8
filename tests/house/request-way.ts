import { once } from "node:events";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { createHeadgate } from "#lib/create";
import { fromEnv } from "#lib/env";
import { createGate } from "#lib/gate";
import type { ScriptStore } from "#lib/redis/script-store";

const ROOT = pathToFileURL(join(import.meta.dirname, "..", "..", "/")).href;

/**
 * Returns the files under lib of which a function is called while the gate answers one request: a
 * request that one rule by address checks and allows, over a store that answers at once. A request of
 * another client went before, so that no work of the start counts.
 */
export async function filesOnWay(): Promise<readonly string[]> {
  const gate = createGate(
    { rules: { all: { match: "/:path*", limits: { ip: "5 per minute" } } } },
    {
      redis: answersAtOnce,
      namespace: "house",
      secret: "a secret of the house, long enough",
      addressSource: { from: "hops", hops: 1 },
    },
  );
  const request = (address: string) => gate(requestOf(address), { waitUntil: () => {} });
  await request("203.0.113.1");
  return calledDuring(() => request("203.0.113.2"));
}

/** Replies as the limit script does where there is capacity. */
const answersAtOnce: ScriptStore = {
  evalsha: async () => [1_750_000_000_000, 1, 4, 0, 60_000],
  eval: () => Promise.reject(new Error("The script is known.")),
  pipeline: () => {
    throw new Error("One script needs no pipeline.");
  },
};

/**
 * Returns the same files for a gate that `createHeadgate` made, with all that this adds: the REST call to
 * a store, headers, events and the log.
 *
 * @throws Error where the request was not checked in the store
 */
export async function filesOnWholeWay(): Promise<readonly string[]> {
  const worker = new Worker(new URL("./store.worker.ts", import.meta.url));
  try {
    const [store] = (await once(worker, "message")) as [StoreAddress];
    const gate = gateOn(store);
    await ask(gate, "203.0.113.1");
    return await calledDuring(() => ask(gate, "203.0.113.2"));
  } finally {
    await worker.terminate();
  }
}

interface StoreAddress {
  readonly url: string;
  readonly token: string;
}

type Middleware = ReturnType<typeof createHeadgate>["middleware"];

function gateOn({ url, token }: StoreAddress): Middleware {
  const variables = {
    UPSTASH_REDIS_REST_URL: url,
    UPSTASH_REDIS_REST_TOKEN: token,
    // Long: whether a loaded machine is quick is not the question.
    HEADGATE_STORE_DEADLINE_MS: "10000",
    HEADGATE_NAMESPACE: "house",
    CLIENT_IP_FROM: "hops:1",
  };
  const rules = { all: { match: "/:path*", limits: { ip: "5 per minute" }, headers: "always" } };
  return createHeadgate({ rules }, fromEnv(variables)).middleware;
}

/** Sends a request through the gate, and waits for what follows the response. */
async function ask(middleware: Middleware, address: string): Promise<void> {
  const following: Promise<unknown>[] = [];
  const { status, headers } = await middleware(requestOf(address), {
    waitUntil: (work) => following.push(work),
  });
  await Promise.all(following);
  const limit = headers.get("ratelimit");
  if (status !== 200 || !limit?.includes("r=4"))
    throw new Error(`The request was not checked in the store: ${status}, ratelimit: ${limit}.`);
}

function requestOf(address: string): Request {
  return new Request("http://app.example/a", { headers: { "x-forwarded-for": address } });
}

/** Returns the files under lib of which a function was called, but for the code of a module itself. */
async function calledDuring(work: () => Promise<unknown>): Promise<readonly string[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    await work();
    const { result } = await session.post("Profiler.takePreciseCoverage");
    return result
      .filter(({ url, functions }) => url.startsWith(`${ROOT}lib/`) && functions.some(wasCalled))
      .map(({ url }) => url.slice(ROOT.length))
      .toSorted();
  } finally {
    session.disconnect();
  }
}

interface Covered {
  readonly functionName: string;
  readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
}

/** The code of a module is a function without a name from its first character on. */
function wasCalled({ functionName, ranges }: Covered): boolean {
  return ranges.some(({ startOffset, count }) => count > 0 && (functionName || startOffset > 0));
}

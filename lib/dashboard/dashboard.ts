import { monotonic } from "#lib/core/clock";
import { once } from "#lib/core/lazily";
import { probeStore } from "#lib/redis/probe";
import { scriptStoreOver } from "#lib/redis/script-store";
import type { AnyPolicy } from "#lib/policy/define";
import type { Gate } from "#lib/create";
import { fileAnswer, pageAnswer, streamAnswer, textAnswer } from "./answers.ts";
import { Changes } from "./changes.ts";
import { rulesInWords } from "./rules.ts";
import { Snapshots } from "./snapshots.ts";
import { eventStream } from "./stream.ts";

/** The name of the stream of events. With a dot: Next redirects no name that looks like a file. */
const STREAM_NAME = "live.sse";

/** So many streams a process serves at once at most. */
const MOST_STREAMS = 1_000;

/** Our server ends event streams when it stops; a server that does not would wait for them. In milliseconds. */
const LIFE_MS = { ourServer: 5 * 60_000, elsewhere: 25_000 } as const;

/** Over how long a rate is the mean, in milliseconds: several of the windows in which instances write. */
const RATE_SPAN_MS = { ourServer: 10_000, elsewhere: 30_000 } as const;

/** What a dashboard reads of a gate. */
export type Watched<P extends AnyPolicy> = Pick<
  Gate<P>,
  "keys" | "options" | "policy" | "redis" | "unobserved" | "keyedHash" | "emit"
>;

/** What Next gives a route handler beside the request. */
export interface RouteContext {
  /** The values of the path's dynamic segments. */
  params: Promise<unknown>;
}

/** Who may see a dashboard. */
export interface DashboardOptions {
  /**
   * Returns true for a request of a person who may see every number and client key: an admin. It is called
   * for the page, its script and style, and each stream, at least every five minutes. False, and an error,
   * are a 404: others do not learn that a dashboard is there. A response of yours is returned as it is,
   * such as a redirect to your login.
   */
  readonly authorize: (request: Request) => boolean | Response | Promise<boolean | Response>;
}

/**
 * Makes the handler of a dashboard, for one file: `app/headgate/[[...path]]/route.ts`, or any other folder.
 * It shows what all instances counted (`counters: countEvents()`), how the store is, and which clients are
 * denied, and moves once a second. docs/operate/dashboard.md has a picture and everything that it shows.
 *
 * @returns a route handler for GET. It reads nothing before the first request
 * @throws nothing by itself. The handler's stream throws what the gate's first request would: a PolicyError, or
 * an error of the settings
 * @example
 * export const GET = createDashboard(gate, { authorize: (request) => userOf(request) === "operator" });
 */
export function createDashboard<P extends AnyPolicy>(
  gate: Watched<P>,
  options: DashboardOptions,
): (request: Request, context: RouteContext) => Promise<Response> {
  const live = once(() => liveOf(gate));
  return async (request, context) => {
    const allowed = await permission(gate, options.authorize, request);
    if (allowed instanceof Response) return allowed;
    if (!allowed) return textAnswer(404, "Not found");
    const { pathname } = new URL(request.url);
    const name = pathname.replace(/\/+$/, "").split("/").at(-1) ?? "";
    if (name === STREAM_NAME) return live()(request);
    const file = fileAnswer(name);
    if (file) return file;
    return (await isBelow(context)) ? textAnswer(404, "Not found") : pageAnswer(pathname);
  };
}

/** Returns true where the path goes on below the route's own: the catch-all segment has a value. */
async function isBelow(context: RouteContext): Promise<boolean> {
  const params: unknown = await context.params;
  return Object.values(params ?? {}).some((value) => Array.isArray(value) && value.length > 0);
}

/** Returns what `authorize` decided; false when the function is missing or throws. */
async function permission<P extends AnyPolicy>(
  { emit }: Watched<P>,
  authorize: DashboardOptions["authorize"] | undefined,
  request: Request,
): Promise<boolean | Response> {
  if (!authorize) return false;
  try {
    const answer: unknown = await authorize(request);
    // Without types a session or a promise of one may be returned: only true itself allows.
    return answer instanceof Response ? answer : answer === true;
  } catch (error) {
    emit({ kind: "failure", during: "app", name: "dashboard authorize", error });
    return false;
  }
}

/** Makes what serves streams of events, all from the same snapshots. */
function liveOf<P extends AnyPolicy>(gate: Watched<P>): (request: Request) => Response {
  const { keys, options, policy, unobserved, keyedHash } = gate;
  const { requester, rest, isCluster, joins } = unobserved;
  const where = joins ? "ourServer" : "elsewhere";
  const redis = scriptStoreOver(requester, gate.redis.deadlineMs);
  const probeKey = keys.app("health", keyedHash("health", "dashboard"));
  const snapshots = new Snapshots({
    requester,
    keys,
    probe: () => probeStore(redis, probeKey, monotonic),
    namespace: options.namespace,
    mode: options.mode ?? "enforce",
    rules: rulesInWords(policy),
    isCluster,
    rateSpanMs: RATE_SPAN_MS[where],
  });
  const changes = new Changes({ rest, keys, onChange: () => snapshots.changed() });
  let streams = 0;
  return (request) => {
    if (streams >= MOST_STREAMS) return textAnswer(503, "Too many pages are open.");
    if (request.method === "HEAD") return streamAnswer(new ReadableStream({ start: closed }));
    streams += 1;
    const stream = eventStream(snapshots, {
      signal: request.signal,
      lifeMs: LIFE_MS[where],
      listen: (ended) => changes.listen(ended),
      onEnd: () => void (streams -= 1),
    });
    return streamAnswer(stream);
  };
}

function closed(controller: ReadableStreamDefaultController<Uint8Array>): void {
  controller.close();
}

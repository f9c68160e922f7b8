import { once } from "#lib/core/lazily";
import type { AnyPolicy } from "#lib/policy/define";
import { fileAnswer, pageAnswer, problemAnswer, textAnswer } from "./answers.ts";
import type { DashboardOptions, RouteContext } from "./options.ts";
import { partsOf, type Watched } from "./parts.ts";
import { Requests } from "./requests.ts";
import { Streams } from "./streams.ts";
import { adminOf, permission } from "./viewers.ts";

/** The name of the stream of events. It has a dot because Next does not redirect names that look like files. */
const STREAM_NAME = "live.sse";

/** The names of the client look-up and of the endpoint for changes. */
const CLIENT_NAME = "client.json";
const CHANGES_NAME = "changes.json";

/**
 * How long a stream lives, in milliseconds. Our server ends event streams when it stops. Other servers would
 * wait for them, so they are shorter there.
 */
const LIFE_MS = { ourServer: 5 * 60_000, elsewhere: 25_000 } as const;

/**
 * Makes the handler of a dashboard, for one file: `app/headgate/[[...path]]/route.ts`, or any other folder.
 * It shows the counts of all instances (`counters: countEvents()`), the state of the store, denied clients,
 * and what is set while the app runs. It is updated once a second. docs/operate/dashboard.md has a picture
 * and a description.
 *
 * @returns a route handler for GET, and for POST if admins may change what is set. It reads nothing before
 *   the first request
 * @throws nothing. The handler's stream throws the errors of the gate's first request: a PolicyError, or an
 *   error of the settings
 * @example
 * export const GET = createDashboard(gate, { authorize: (request) => userOf(request) === "operator" });
 */
export function createDashboard<P extends AnyPolicy>(
  gate: Watched<P>,
  options: DashboardOptions,
): (request: Request, context: RouteContext) => Promise<Response> {
  const serving = once(() => servingOf(gate));
  const admin = (request: Request) => adminOf(gate.emit, options, request);
  return async (request, context) => {
    const allowed = await permission(gate.emit, options, request);
    if (allowed instanceof Response) return allowed;
    if (!allowed) return textAnswer(404, "Not found");
    const { pathname } = new URL(request.url);
    const name = pathname.replace(/\/+$/, "").split("/").at(-1) ?? "";
    if (name === CHANGES_NAME) {
      return request.method === "POST"
        ? serving().requests.change(request, admin)
        : wrongMethod("POST");
    }
    if (!["GET", "HEAD"].includes(request.method)) return wrongMethod("GET");
    if (name === CLIENT_NAME) return serving().requests.lookUp(request);
    if (name === STREAM_NAME) return serving().streams.open(request, await admin(request));
    const file = fileAnswer(name);
    if (file) return file;
    return (await isBelow(context)) ? textAnswer(404, "Not found") : pageAnswer(pathname);
  };
}

function servingOf<P extends AnyPolicy>(gate: Watched<P>) {
  const parts = partsOf(gate);
  const lifeMs = LIFE_MS[gate.unobserved.batches ? "ourServer" : "elsewhere"];
  return { streams: new Streams(parts, lifeMs), requests: new Requests(parts, gate.emit) };
}

function wrongMethod(allowed: string): Response {
  const problem = { status: 405, title: "This method is not served", detail: `Use ${allowed}.` };
  return problemAnswer(problem, { Allow: allowed });
}

/** Returns true when the path is below the route's own, so that the catch-all segment has a value. */
async function isBelow(context: RouteContext): Promise<boolean> {
  const params: unknown = await context.params;
  return Object.values(params ?? {}).some((value) => Array.isArray(value) && value.length > 0);
}

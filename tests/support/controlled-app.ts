import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { GateSettings } from "#lib/create";
import { live } from "#lib/control/live";
import { createDashboard, type DashboardOptions } from "#lib/dashboard/index";
import { countEvents } from "#lib/metrics";
import { definePolicy } from "#lib/policy/define";
import { type ControlledGate, controlledGate } from "./controlled.ts";
import type { TestStore } from "./gateway.ts";

const POLICY = definePolicy({
  identities: { user: ({ headers }: Request) => headers.get("x-user") ?? undefined },
  rules: {
    search: { match: "/api/search", limits: { ip: ["2 per day", "100 per week"] } },
    login: { match: "/api/login", limits: { "user|ip": "5 per day" } },
  },
});

/** A gate that follows control entries while the app runs, and counts its events. */
export function followingGate(
  store: Pick<TestStore, "url" | "token">,
  more: Partial<GateSettings> = {},
): ControlledGate {
  const counters = countEvents({ windowMs: 100 });
  return controlledGate(store, { counters, live, ...more }, POLICY);
}

/** Sends a request through the gate, and waits for its work after the response. */
export async function sendTo(gate: ControlledGate, request: Request): Promise<Response> {
  const work: Promise<unknown>[] = [];
  const response = await gate.middleware(request, { waitUntil: (each) => void work.push(each) });
  await Promise.all(work);
  return response;
}

/** Serves a gate's app: its dashboard at /headgate, and "ok" at every other path. A cookie names the user. */
export async function serveControlled(gate: ControlledGate, options: DashboardOptions) {
  const dashboard = createDashboard(gate, options);
  const server = createServer((message, response) => {
    void (async () => {
      const request = requestOf(message);
      const gated = await sendTo(gate, request);
      const isAllowed = gated.headers.has("x-middleware-next");
      const { pathname } = new URL(request.url);
      const path = pathname.split("/").slice(2);
      const isDashboard = pathname.split("/")[1] === "headgate";
      const context = { params: Promise.resolve(path.length > 0 ? { path } : {}) };
      const served = isDashboard ? await dashboard(request, context) : new Response("ok");
      const answer = isAllowed ? served : gated;
      response.writeHead(answer.status, [...answer.headers].flat());
      if (!answer.body) return response.end();
      const body = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]);
      response.on("close", () => body.destroy());
      return body.on("error", () => {}).pipe(response);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** A request without `X-Forwarded-For` comes from a user of the dashboard. */
function requestOf(message: IncomingMessage): Request {
  const { method = "GET", headers, url = "/" } = message;
  const given = new Headers({ "x-forwarded-for": "192.0.2.1" });
  for (const [name, value] of Object.entries(headers)) given.set(name, String(value));
  const hasBody = method === "POST";
  return new Request(`http://${headers.host}${url}`, {
    method,
    headers: given,
    ...(hasBody && { body: Readable.toWeb(message) as ReadableStream, duplex: "half" }),
  });
}

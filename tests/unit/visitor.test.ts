import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGate } from "#lib/gate";
import { defineIdentities, definePolicy } from "#lib/policy/define";
import { createVisitorHeaders } from "#lib/visitor";
import { startStore, type TestStore } from "../support/gateway.ts";
import { gateOptions } from "../support/options.ts";

const policy = definePolicy({
  identities: defineIdentities({ user: (request) => request.headers.get("x-user") ?? undefined }),
  rules: {
    pages: { match: "/pages/:id", limits: { ip: "10 per minute" } },
    api: { match: "/api", limits: { ip: "2 per minute" } },
    named: { match: "/named", limits: { user: "2 per minute" } },
  },
});

let store: TestStore;
let app: Awaited<ReturnType<typeof startApp>>;

beforeAll(async () => {
  store = await startStore();
  app = await startApp();
});
afterAll(async () => {
  await app?.stop();
  await store?.stop();
});

/** Starts an app behind one proxy, whose page calls the app's API for the visitor, or as itself. */
async function startApp() {
  const { options, events } = gateOptions(store);
  const own = { ...options, visitorSecret: options.secret };
  const guard = createGate(policy, own);
  const asVisitor = createVisitorHeaders(own);

  const server = createServer((request, response) => {
    void (async () => {
      const headers = new Headers(request.headers as Record<string, string>);
      // The last proxy names its peer. A request without the header is the server's own.
      if (!headers.has("x-forwarded-for")) headers.set("x-forwarded-for", "127.0.0.1");
      const later: Promise<unknown>[] = [];
      const answer = await guard(new Request(url + request.url, { headers }), {
        waitUntil: (work) => later.push(work),
      });
      await Promise.all(later);
      let status = answer.status;
      if (answer.headers.has("x-middleware-next") && request.url?.startsWith("/pages/")) {
        const isNamed = request.url === "/pages/named";
        status = (await fetch(`${url}/api`, { headers: isNamed ? asVisitor(headers) : {} })).status;
      }
      response.writeHead(status).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async (path: string, headers: Record<string, string>) =>
    (await fetch(url + path, { headers })).status;
  const stop = () => new Promise((resolve) => server.close(resolve));
  return { ask, events, asVisitor, stop };
}

const visitors = (network: string) =>
  Array.from({ length: 12 }, (_, i) => ({ "x-forwarded-for": `${network}.${i + 1}` }));

describe("an app that calls itself", () => {
  test("calls for 12 visitors are all allowed when the app names the visitors", async () => {
    for (let round = 0; round < 2; round += 1) {
      const statuses = await Promise.all(
        visitors("203.0.113").map((visitor) => app.ask("/pages/named", visitor)),
      );
      expect(statuses).toEqual(Array.from({ length: 12 }, () => 200));
    }
    // Each visitor has used up the two calls of its limit, which count its own calls too.
    const [first = {}] = visitors("203.0.113");
    expect(await app.ask("/pages/named", first)).toBe(429);
    expect(await app.ask("/api", first)).toBe(429);
  });

  test("an app that names no visitor is one client", async () => {
    const statuses = [];
    for (const visitor of visitors("198.51.100"))
      statuses.push(await app.ask("/pages/own", visitor));
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
  });

  test("a header that a client forged has no effect", async () => {
    const attacker = { "x-forwarded-for": "192.0.2.1" };
    const [own = ""] = Object.values(
      app.asVisitor(new Headers({ "x-forwarded-for": "192.0.2.9" })),
    );
    const statuses = [];
    for (let i = 0; i < 6; i += 1) {
      const forged = own.replace(" 192.0.2.9 ", ` 192.0.2.${100 + i} `);
      statuses.push(await app.ask("/api", { ...attacker, "x-headgate-visitor": forged }));
    }
    expect(statuses).toEqual([200, 200, 429, 429, 429, 429]);
  });

  test("an unread session of a user is reported once, and the limit holds", async () => {
    const cookies = ["authjs.session-token=ada", "authjs.session-token=bob"];
    const address = { "x-forwarded-for": "192.0.2.50" };
    const statuses = [];
    for (const cookie of [...cookies, ...cookies]) {
      statuses.push(await app.ask("/named", { ...address, cookie }));
    }
    expect(statuses).toEqual([200, 200, 429, 429]);
    const told = app.events.filter(
      (event) => event.kind === "address" && event.code === "IDENTITY_UNRESOLVED",
    );
    expect(told).toHaveLength(1);
    expect(await app.ask("/named", { ...address, cookie: cookies[0] ?? "", "x-user": "ada" })).toBe(
      200,
    );
    expect(JSON.stringify(told)).not.toMatch(/ada|bob|192\.0\.2/);
  });
});

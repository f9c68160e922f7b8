import { createServer } from "node:http";
import { Redis } from "ioredis";
import { SignJWT } from "jose";
import { parseList } from "structured-headers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { keyNames } from "#lib/redis/keys";
import type { Bindings } from "../fixtures/runtime/worker.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { clientEntry, writeEntries } from "../support/live-gate.ts";
import { scope } from "../support/scope.ts";
import type { Running, Start } from "./runtime.ts";

const AUTH_SECRET = "a secret of the tests that signs tokens";
const AUTH_AUDIENCE = "the-tests";

/** For work after a response, which may take more than a second on a loaded machine. */
const PATIENTLY = { timeout: 20_000 };

let namespaces = 0;
let clients = 0;

/** Returns bindings with a new namespace. */
export function bindingsFor(store: Pick<TestStore, "url" | "token">): Bindings {
  namespaces += 1;
  return {
    STORE_URL: store.url,
    STORE_TOKEN: store.token,
    // The deadline is long, because no test depends on the speed of a loaded machine.
    DEADLINE_MS: "10000",
    NAMESPACE: `runtime-${process.pid}-${namespaces}`,
    SECRET: "a secret of the tests, long enough",
    AUTH_SECRET,
    AUTH_AUDIENCE,
    LEGACY_HEADERS: "0",
    CORS_ORIGINS: "",
    LIVE: "0",
  };
}

/** Returns an address that no other test has. */
function newAddress(): string {
  clients += 1;
  return `198.51.100.${clients}`;
}

interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of one address. */
function clientOf(running: Running, address = newAddress()) {
  return (path: string, { method = "GET", headers = {} }: Asking = {}) =>
    running.send(
      new Request(`http://app.example${path}`, {
        method,
        headers: { "x-forwarded-for": address, ...headers },
      }),
    );
}

/** Returns the events of the worker's listener. */
async function heard(ask: ReturnType<typeof clientOf>): Promise<string[]> {
  return (await (await ask("/events")).json()) as string[];
}

function tokenOf(user: string, secret = AUTH_SECRET): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(user)
    .setAudience(AUTH_AUDIENCE)
    .setExpirationTime("1 hour")
    .sign(new TextEncoder().encode(secret));
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

const isAllowed = (answer: Response) =>
  answer.status === 200 && answer.headers.get("x-middleware-next") === "1";

const limitsOf = (answer: Response, name = "ratelimit") =>
  parseList(answer.headers.get(name) ?? "").map(([policy, parameters]) => ({
    policy,
    ...Object.fromEntries(parameters),
  }));

/** The behaviour of the gate, which is the same in all runtimes. */
export function describeGuard(runtime: string, start: Start): void {
  describe(`the guard in ${runtime}`, () => {
    const cleanUp = scope();
    let store: TestStore;
    let running: Running;

    beforeAll(async () => {
      store = await startStore();
      running = await start(bindingsFor(store));
    });
    afterAll(async () => {
      await running?.stop();
      await store?.stop();
    });

    const startWith = async (changes: Partial<Bindings>) =>
      cleanUp(await start({ ...bindingsFor(store), ...changes }), (it) => it.stop());

    describe("rules", () => {
      test("rules apply only to matching paths and methods", async () => {
        const ask = clientOf(running);
        expect(limitsOf(await ask("/api/other"))).toMatchObject([
          { policy: "api:ip:minute", r: 4 },
        ]);
        expect(limitsOf(await ask("/api/%73earch"))).toHaveLength(3);
        expect(isAllowed(await ask("/notes", { method: "POST" }))).toBe(true);
        expect((await ask("/notes", { method: "POST" })).status).toBe(429);
        expect((await ask("/notes")).headers.has("ratelimit")).toBe(false);
        expect((await ask("/elsewhere")).headers.has("ratelimit")).toBe(false);
      });

      test("a rule does not apply to exempt paths, or when another rule replaces it", async () => {
        const ask = clientOf(running);
        expect(limitsOf(await ask("/api/export"))).toMatchObject([
          { policy: "export:ip:hour", r: 0 },
        ]);
        expect(limitsOf(await ask("/api/export"))).toMatchObject([
          { policy: "export:ip:hour", r: 0 },
        ]);
        for (let i = 0; i < 6; i += 1) {
          const answer = await ask("/api/webhooks/payments");
          expect(isAllowed(answer)).toBe(true);
          expect(answer.headers.has("ratelimit")).toBe(false);
        }
        expect(limitsOf(await ask("/api/other"))).toMatchObject([
          { policy: "api:ip:minute", r: 4 },
        ]);
      });

      test("a check consumes from all limits, or from no limit", async () => {
        const ask = clientOf(running);
        expect(isAllowed(await ask("/api/search"))).toBe(true);
        expect(isAllowed(await ask("/api/search"))).toBe(true);
        for (let i = 0; i < 4; i += 1) expect((await ask("/api/search")).status).toBe(429);
        expect(limitsOf(await ask("/api/other"))).toMatchObject([
          { policy: "api:ip:minute", r: 2 },
        ]);
      });
    });

    describe("headers", () => {
      test("headers of an allowed request have the state of each limit", async () => {
        const answer = await clientOf(running)("/api/search");
        expect(isAllowed(answer)).toBe(true);
        expect(await answer.json()).toEqual({ passed: true });
        expect(answer.headers.get("ratelimit-policy")).toBe(
          '"api:ip:minute";q=5;w=60, "search:ip:minute";q=2;w=60, "search:user|ip:hour";q=3;w=3600',
        );
        expect(answer.headers.get("ratelimit")).toBe(
          '"api:ip:minute";r=4;t=60, "search:ip:minute";r=1;t=60, "search:user|ip:hour";r=2;t=3600',
        );
        expect(answer.headers.has("retry-after")).toBe(false);
        expect(answer.headers.has("x-ratelimit-limit")).toBe(false);
      });

      test("Retry-After of a denial is in whole seconds, and not before any reset", async () => {
        const ask = clientOf(running);
        await ask("/notes", { method: "POST" });
        const answer = await ask("/notes", { method: "POST" });
        const retryAfter = answer.headers.get("retry-after") ?? "";
        expect(retryAfter).toMatch(/^\d+$/);
        expect(Number(retryAfter)).toBeGreaterThan(0);
        expect(Number(retryAfter)).toBeLessThanOrEqual(60);
        expect(limitsOf(answer)).toEqual([
          { policy: "write:ip:minute", r: 0, t: Number(retryAfter) },
        ]);
      });

      test("the older headers and CORS headers are sent when they are configured", async () => {
        const changes = { LEGACY_HEADERS: "1", CORS_ORIGINS: "https://shop.example" };
        const ask = clientOf(await startWith(changes));
        const fromShop = { headers: { origin: "https://shop.example" } };
        const answer = await ask("/mine", fromShop);
        const denied = await ask("/mine", fromShop);
        for (const { headers } of [answer, denied]) {
          expect(headers.get("x-ratelimit-limit")).toBe("1");
          expect(headers.get("x-ratelimit-remaining")).toBe("0");
          expect(headers.get("x-ratelimit-reset")).toMatch(/^\d{10}$/);
          expect(headers.get("access-control-allow-origin")).toBe("https://shop.example");
          expect(headers.get("access-control-expose-headers")).toContain("Retry-After");
        }
        expect(denied.status).toBe(429);
        const elsewhere = await ask("/mine", { headers: { origin: "https://other.example" } });
        expect(elsewhere.headers.has("access-control-allow-origin")).toBe(false);
        expect(elsewhere.headers.get("vary")).toMatch(/\bOrigin\b/);
      });
    });

    describe("a denial", () => {
      const denialFor = async (asking: Asking) => {
        const ask = clientOf(running);
        await ask("/mine");
        return ask("/mine", asking);
      };

      test("a denial is a problem document", async () => {
        const answer = await denialFor({});
        expect(answer.status).toBe(429);
        expect(answer.headers.get("content-type")).toBe("application/problem+json");
        expect(answer.headers.get("cache-control")).toBe("no-store");
        expect(await answer.json()).toMatchObject({
          type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
          status: 429,
          "violated-policies": ["mine:user:hour"],
        });
      });

      test("a denial is a page for a browser", async () => {
        const answer = await denialFor({ headers: { accept: "text/html,*/*;q=0.8" } });
        expect(answer.status).toBe(429);
        expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
        expect(await answer.text()).toMatch(/Please try again in (?:1 hour|59 minutes)/);
      });

      test("a denial of HEAD has headers without a body", async () => {
        const answer = await denialFor({ method: "HEAD" });
        expect(answer.status).toBe(429);
        expect(answer.headers.get("ratelimit")).toContain('"mine:user:hour";r=0');
        expect(await answer.text()).toBe("");
      });
    });

    describe("a client", () => {
      test("a client is counted by its address, and by network for IPv6", async () => {
        expect(isAllowed(await clientOf(running, "2001:db8:1:2::1")("/mine"))).toBe(true);
        expect((await clientOf(running, "2001:db8:1:2:f::2")("/mine")).status).toBe(429);
        expect(isAllowed(await clientOf(running, "2001:db8:1:3::1")("/mine"))).toBe(true);
      });

      test("a client with a valid token is counted by user, at any address", async () => {
        const ada = bearer(await tokenOf(`ada of ${runtime}`));
        const address = newAddress();
        expect(isAllowed(await clientOf(running, address)("/mine", ada))).toBe(true);
        expect((await clientOf(running)("/mine", ada)).status).toBe(429);
        const bob = bearer(await tokenOf(`bob of ${runtime}`));
        expect(isAllowed(await clientOf(running, address)("/mine", bob))).toBe(true);
      });

      test("a client with an invalid token is counted by address", async () => {
        const ask = clientOf(running);
        const forged = (user: string) => tokenOf(user, "another secret, which signs nothing here");
        expect(isAllowed(await ask("/mine", bearer(await forged("one"))))).toBe(true);
        expect((await ask("/mine", bearer(await forged("two")))).status).toBe(429);
        expect((await ask("/mine", bearer("no token at all"))).status).toBe(429);
      });

      test("a client whose identity cannot be resolved is counted by address", async () => {
        const ask = clientOf(running);
        expect(isAllowed(await ask("/broken"))).toBe(true);
        expect((await ask("/broken")).status).toBe(429);
      });
    });

    describe("events", () => {
      test("events report decisions and failures after the response", async () => {
        const ask = clientOf(await startWith({}));
        await ask("/mine");
        await ask("/mine");
        await ask("/broken");
        await expect
          .poll(async () => (await heard(ask)).toSorted(), PATIENTLY)
          .toEqual([
            "broken: within-limit",
            "failure of identity broken",
            "mine: over-limit",
            "mine: within-limit",
            // Both rules allow one request in a window.
            "near-limit",
            "near-limit",
          ]);
      });
    });

    describe("a store that fails", () => {
      /** Sends a request to a rule that fails open and one to a rule that fails closed, and returns their events. */
      const withStore = async (changes: Partial<Bindings>) => {
        const ask = clientOf(await startWith(changes));
        const open = await ask("/mine");
        const closed = await ask("/closed");
        await expect.poll(() => heard(ask), PATIENTLY).toHaveLength(2);
        const events = await heard(ask);
        return { open, closed, events };
      };

      const failed = (code: string) => [
        `mine: store-failed ${code}`,
        `closed: store-failed ${code}`,
      ];

      test("an unreachable store makes each rule fail open or closed as its policy says", async () => {
        const { open, closed, events } = await withStore({ STORE_URL: "http://127.0.0.1:1" });
        expect(isAllowed(open)).toBe(true);
        expect(open.headers.has("ratelimit")).toBe(false);
        expect(closed.status).toBe(503);
        expect(await closed.json()).toMatchObject({
          type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
        });
        expect(events).toEqual(failed("STORE_UNREACHABLE"));
      });

      test("a store that never answers fails at the deadline", async () => {
        const silent = createServer(() => undefined);
        await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
        cleanUp(silent, (it) => {
          it.closeAllConnections();
          return new Promise((resolve) => it.close(resolve));
        });
        const address = silent.address();
        const port = typeof address === "object" && address ? address.port : 0;
        const { open, closed, events } = await withStore({
          STORE_URL: `http://127.0.0.1:${port}`,
          DEADLINE_MS: "50",
        });
        expect(isAllowed(open)).toBe(true);
        expect(closed.status).toBe(503);
        expect(events).toEqual(failed("STORE_TIMEOUT"));
      });

      test("a store that rejects the token makes each rule fail open or closed", async () => {
        const { open, closed, events } = await withStore({ STORE_TOKEN: "of-another-app" });
        expect(isAllowed(open)).toBe(true);
        expect(closed.status).toBe(503);
        expect(events).toEqual(failed("STORE_UNAUTHORIZED"));
      });
    });

    test("control entries hold when many requests are the first at once", async () => {
      const bindings = { ...bindingsFor(store), LIVE: "1" };
      const direct = cleanUp(new Redis(store.redis.url), (it) => it.disconnect());
      const gate = { keys: keyNames(bindings.NAMESPACE) };
      const ada = clientEntry({ keyedHash: createKeyedHash(bindings.SECRET) }, "user", "ada");
      await writeEntries(direct, gate, {
        network: { kind: "block", network: "203.0.113.0/24" },
        more: { kind: "override", rule: "mine", to: 3, ...ada },
      });
      const fresh = await startWith(bindings);
      const burst = () =>
        Promise.all(
          Array.from({ length: 50 }, async (_, i) => {
            const address = i % 2 === 0 ? newAddress() : `203.0.113.${i}`;
            return (await clientOf(fresh, address)("/burst")).status;
          }),
        );
      // A request of the first burst may come after the control entries were loaded.
      const first = await burst();
      expect(first.map((status) => (status === 403 ? 200 : status))).toEqual(first.map(() => 200));
      const blocked = clientOf(fresh, "203.0.113.99");
      await expect.poll(async () => (await blocked("/elsewhere")).status, PATIENTLY).toBe(403);
      expect(await burst()).toEqual(
        Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? 200 : 403)),
      );
      const asking = bearer(await tokenOf("ada"));
      const mine = [];
      for (let i = 0; i < 4; i += 1) mine.push((await clientOf(fresh)("/mine", asking)).status);
      expect(mine).toEqual([200, 200, 200, 429]);
      expect(await heard(clientOf(fresh))).not.toContain("failure of control");
    });

    test("the tools of handlers return the documented results", async () => {
      const answer = await running.send(new Request("http://app.example/tools"));
      expect(await answer.json()).toEqual({
        dedup: {
          ran: [true, false],
          kept: { sent: 1 },
          counted: [true, false],
          many: ["first", "first", "duplicate"],
          tracked: [true, false],
        },
        idempotent: {
          statuses: [201, 201, 422, 400, 201],
          replayed: "true",
          again: { runs: 1, body: "{}" },
        },
        locks: {
          refused: null,
          isAborted: false,
          isReleased: true,
          isLater: true,
          isNextReleased: true,
          used: { ran: true, value: false, isLocked: true },
        },
        fences: [true, false, true],
        flights: { flights: 1, values: [{ fare: 1 }, { fare: 1 }, { fare: 1 }] },
        failures: [],
      });
    });

    test("a new worker allows each client exactly its limit among 200 concurrent requests", async () => {
      const fresh = await startWith({});
      const addresses = Array.from({ length: 5 }, newAddress);
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, i) => {
          const address = addresses[i % addresses.length] ?? "";
          return clientOf(fresh, address)("/burst").then(({ status }) => ({ address, status }));
        }),
      );
      const count = (address: string, status: number) =>
        answers.filter((each) => each.address === address && each.status === status).length;
      expect(addresses.map((address) => [count(address, 200), count(address, 429)])).toEqual(
        addresses.map(() => [20, 20]),
      );
    });
  });
}

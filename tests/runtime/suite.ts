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

/** For what follows an answer: on a loaded machine a second may be short. */
const PATIENTLY = { timeout: 20_000 };

let namespaces = 0;
let clients = 0;

/** Returns bindings with a new namespace. */
export function bindingsFor(store: Pick<TestStore, "url" | "token">): Bindings {
  namespaces += 1;
  return {
    STORE_URL: store.url,
    STORE_TOKEN: store.token,
    // Long: whether a loaded machine is quick is not the question.
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

/** An address that no other test has. */
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

/** The events that the worker was told of. */
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

const passed = (answer: Response) =>
  answer.status === 200 && answer.headers.get("x-middleware-next") === "1";

const limitsOf = (answer: Response, name = "ratelimit") =>
  parseList(answer.headers.get(name) ?? "").map(([policy, parameters]) => ({
    policy,
    ...Object.fromEntries(parameters),
  }));

/** What the gate does, in whichever runtime: everything here holds in all of them. */
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
      test("apply where path and method match, and nowhere else", async () => {
        const ask = clientOf(running);
        expect(limitsOf(await ask("/api/other"))).toMatchObject([
          { policy: "api:ip:minute", r: 4 },
        ]);
        expect(limitsOf(await ask("/api/%73earch"))).toHaveLength(3);
        expect(passed(await ask("/notes", { method: "POST" }))).toBe(true);
        expect((await ask("/notes", { method: "POST" })).status).toBe(429);
        expect((await ask("/notes")).headers.has("ratelimit")).toBe(false);
        expect((await ask("/elsewhere")).headers.has("ratelimit")).toBe(false);
      });

      test("give way to a rule that replaces them, and to exempt paths", async () => {
        const ask = clientOf(running);
        expect(limitsOf(await ask("/api/export"))).toMatchObject([
          { policy: "export:ip:hour", r: 0 },
        ]);
        expect(limitsOf(await ask("/api/export"))).toMatchObject([
          { policy: "export:ip:hour", r: 0 },
        ]);
        for (let i = 0; i < 6; i += 1) {
          const answer = await ask("/api/webhooks/payments");
          expect(passed(answer)).toBe(true);
          expect(answer.headers.has("ratelimit")).toBe(false);
        }
        expect(limitsOf(await ask("/api/other"))).toMatchObject([
          { policy: "api:ip:minute", r: 4 },
        ]);
      });

      test("take from all their limits, or from none", async () => {
        const ask = clientOf(running);
        expect(passed(await ask("/api/search"))).toBe(true);
        expect(passed(await ask("/api/search"))).toBe(true);
        for (let i = 0; i < 4; i += 1) expect((await ask("/api/search")).status).toBe(429);
        expect(limitsOf(await ask("/api/other"))).toMatchObject([
          { policy: "api:ip:minute", r: 2 },
        ]);
      });
    });

    describe("headers", () => {
      test("of a request that passes say how each of its limits stands", async () => {
        const answer = await clientOf(running)("/api/search");
        expect(passed(answer)).toBe(true);
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

      test("of a refusal say when to come back, in whole seconds and not before any reset", async () => {
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

      test("have their older names and reach other origins' pages on wish", async () => {
        const changes = { LEGACY_HEADERS: "1", CORS_ORIGINS: "https://shop.example" };
        const ask = clientOf(await startWith(changes));
        const fromShop = { headers: { origin: "https://shop.example" } };
        const answer = await ask("/mine", fromShop);
        const refused = await ask("/mine", fromShop);
        for (const { headers } of [answer, refused]) {
          expect(headers.get("x-ratelimit-limit")).toBe("1");
          expect(headers.get("x-ratelimit-remaining")).toBe("0");
          expect(headers.get("x-ratelimit-reset")).toMatch(/^\d{10}$/);
          expect(headers.get("access-control-allow-origin")).toBe("https://shop.example");
          expect(headers.get("access-control-expose-headers")).toContain("Retry-After");
        }
        expect(refused.status).toBe(429);
        const elsewhere = await ask("/mine", { headers: { origin: "https://other.example" } });
        expect(elsewhere.headers.has("access-control-allow-origin")).toBe(false);
        expect(elsewhere.headers.get("vary")).toMatch(/\bOrigin\b/);
      });
    });

    describe("a refusal", () => {
      const refusalFor = async (asking: Asking) => {
        const ask = clientOf(running);
        await ask("/mine");
        return ask("/mine", asking);
      };

      test("is a problem", async () => {
        const answer = await refusalFor({});
        expect(answer.status).toBe(429);
        expect(answer.headers.get("content-type")).toBe("application/problem+json");
        expect(answer.headers.get("cache-control")).toBe("no-store");
        expect(await answer.json()).toMatchObject({
          type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
          status: 429,
          "violated-policies": ["mine:user:hour"],
        });
      });

      test("is a page for a person", async () => {
        const answer = await refusalFor({ headers: { accept: "text/html,*/*;q=0.8" } });
        expect(answer.status).toBe(429);
        expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
        expect(await answer.text()).toMatch(/Please try again in (?:1 hour|59 minutes)/);
      });

      test("to HEAD has the headers alone", async () => {
        const answer = await refusalFor({ method: "HEAD" });
        expect(answer.status).toBe(429);
        expect(answer.headers.get("ratelimit")).toContain('"mine:user:hour";r=0');
        expect(await answer.text()).toBe("");
      });
    });

    describe("a client", () => {
      test("is its address, and all addresses of one IPv6 network", async () => {
        expect(passed(await clientOf(running, "2001:db8:1:2::1")("/mine"))).toBe(true);
        expect((await clientOf(running, "2001:db8:1:2:f::2")("/mine")).status).toBe(429);
        expect(passed(await clientOf(running, "2001:db8:1:3::1")("/mine"))).toBe(true);
      });

      test("is the user of a token that verifies, from whichever address", async () => {
        const ada = bearer(await tokenOf(`ada of ${runtime}`));
        const address = newAddress();
        expect(passed(await clientOf(running, address)("/mine", ada))).toBe(true);
        expect((await clientOf(running)("/mine", ada)).status).toBe(429);
        const bob = bearer(await tokenOf(`bob of ${runtime}`));
        expect(passed(await clientOf(running, address)("/mine", bob))).toBe(true);
      });

      test("with a token that does not verify is its address", async () => {
        const ask = clientOf(running);
        const forged = (user: string) => tokenOf(user, "another secret, which signs nothing here");
        expect(passed(await ask("/mine", bearer(await forged("one"))))).toBe(true);
        expect((await ask("/mine", bearer(await forged("two")))).status).toBe(429);
        expect((await ask("/mine", bearer("no token at all"))).status).toBe(429);
      });

      test("is its address where its identity cannot be resolved", async () => {
        const ask = clientOf(running);
        expect(passed(await ask("/broken"))).toBe(true);
        expect((await ask("/broken")).status).toBe(429);
      });
    });

    describe("events", () => {
      test("tell of decisions and of failures, after the answer", async () => {
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
      /** Asks a rule that then allows and one that denies; and hears why they did. */
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

      test("by not being there lets the request pass, or closes as the rule says", async () => {
        const { open, closed, events } = await withStore({ STORE_URL: "http://127.0.0.1:1" });
        expect(passed(open)).toBe(true);
        expect(open.headers.has("ratelimit")).toBe(false);
        expect(closed.status).toBe(503);
        expect(await closed.json()).toMatchObject({
          type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
        });
        expect(events).toEqual(failed("STORE_UNREACHABLE"));
      });

      test("by never answering is given up at the deadline", async () => {
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
        expect(passed(open)).toBe(true);
        expect(closed.status).toBe(503);
        expect(events).toEqual(failed("STORE_TIMEOUT"));
      });

      test("by refusing our token is a failing store too", async () => {
        const { open, closed, events } = await withStore({ STORE_TOKEN: "of-somebody-else" });
        expect(passed(open)).toBe(true);
        expect(closed.status).toBe(503);
        expect(events).toEqual(failed("STORE_UNAUTHORIZED"));
      });
    });

    test("what is set while it runs holds, though many requests were the first at once", async () => {
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
      // A request of the first burst may come after the document was loaded already.
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

    test("the tools of handlers do what they say", async () => {
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

    test("of 200 requests at once, the first that it sees, admits of each client what its limit says", async () => {
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

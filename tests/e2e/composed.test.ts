import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningApp } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { buildFixture, startFixture } from "../support/fixture.ts";
import { startStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";
import { startPage } from "../support/empty-page.ts";

const cleanUp = scope();
const SHOP = "https://shop.example";

let store: Awaited<ReturnType<typeof startStore>>;
let app: RunningApp;
let shop: Awaited<ReturnType<typeof startPage>>;
let clients = 0;

beforeAll(async () => {
  buildFixture("composed");
  store = await startStore();
  shop = await startPage();
  app = await startFixture("composed", {
    SHOP_ORIGIN: shop.url,
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
  });
});

afterAll(async () => {
  await app?.stop();
  await shop?.stop();
  await store?.stop();
});

function newAddress(): string {
  clients += 1;
  return `198.51.100.${clients}`;
}

/** Returns a client with a new address. */
function newClient(headers: Record<string, string> = {}) {
  const address = newAddress();
  return (path: string, init: RequestInit & { duplex?: "half" } = {}) =>
    fetch(app.url + path, {
      redirect: "manual",
      ...init,
      headers: { "x-forwarded-for": address, ...headers },
    });
}

describe("the gate before an app's own middleware", () => {
  test("the gate keeps cookies, headers and request headers of the app's middleware, and adds limit headers", async () => {
    const answer = await newClient()("/api/echo");
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0])).toEqual([
      "a=1",
      "b=2",
    ]);
    expect(answer.headers.get("x-own")).toBe("kept");
    expect(answer.headers.get("ratelimit")).toBe('"quick:ip:2 seconds";r=1;t=2');
    expect(await answer.json()).toEqual({ echo: true, middleware: "yes" });
  });

  test("the gate keeps a rewrite of the app's middleware", async () => {
    const answer = await newClient()("/own/rewrite");
    expect(await answer.json()).toEqual({ echo: true, middleware: null });
    expect(answer.headers.get("ratelimit")).toContain('"own:ip:minute";r=99');
  });

  test("the gate keeps a redirect of the app's middleware", async () => {
    const answer = await newClient()("/own/redirect");
    expect(answer.status).toBe(307);
    expect(new URL(answer.headers.get("location") ?? "", app.url).pathname).toBe("/elsewhere");
    expect(answer.headers.get("ratelimit")).toContain('"own:ip:minute";r=99');
  });

  test("the gate keeps a response of the app's middleware, and continues when there is no response", async () => {
    const call = newClient();
    const own = await call("/own/answer");
    expect(own.status).toBe(418);
    expect(await own.json()).toEqual({ own: true });
    expect(await (await call("/own/nothing")).text()).toBe("the handler");
  });

  test("the gate does not call the app's middleware for a denied request", async () => {
    const call = newClient();
    await call("/api/echo");
    await call("/api/echo");
    const denied = await call("/api/echo");
    expect(denied.status).toBe(429);
    expect(denied.headers.getSetCookie()).toEqual([]);
    expect(denied.headers.has("x-own")).toBe(false);
  });
});

describe("Retry-After", () => {
  test("a request that waits for Retry-After is allowed", async () => {
    const call = newClient();
    await call("/api/echo");
    await call("/api/echo");
    const denied = await call("/api/echo");
    const until = performance.now() + Number(denied.headers.get("retry-after")) * 1000;
    expect(denied.headers.get("retry-after")).toMatch(/^[12]$/);
    await expect.poll(() => performance.now(), { timeout: 5000 }).toBeGreaterThanOrEqual(until);
    expect((await call("/api/echo")).status).toBe(200);
  });
});

describe("a denial", () => {
  test("a denial with the app's own text keeps the limit headers", async () => {
    const call = newClient();
    await call("/worded");
    const denied = await call("/worded");
    expect(await denied.text()).toBe("slow down: over-limit");
    expect(denied.headers.get("retry-after")).toBe("60");
  });

  test("a denial is Headgate's own response when the app's text fails", async () => {
    const call = newClient();
    await call("/broken");
    expect((await call("/broken")).headers.get("content-type")).toBe("application/problem+json");
  });

  test("a response has X-RateLimit headers when the policy asks for them", async () => {
    const answer = await newClient()("/worded");
    expect(answer.headers.get("x-ratelimit-limit")).toBe("1");
    expect(answer.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(Number(answer.headers.get("x-ratelimit-reset")) * 1000).toBeGreaterThan(Date.now());
  });
});

describe("CORS", () => {
  test.each([200, 429])("an allowed origin may read a %i and its limit headers", async (status) => {
    const call = newClient({ origin: SHOP });
    let answer = await call("/api/echo");
    while (answer.status !== status) answer = await call("/api/echo");
    expect(answer.headers.get("access-control-allow-origin")).toBe(SHOP);
    expect(answer.headers.get("access-control-expose-headers")).toContain(
      "RateLimit, RateLimit-Policy, Retry-After",
    );
    expect(answer.headers.get("vary")).toContain("Origin");
  });

  test("another origin gets no CORS headers", async () => {
    const answer = await newClient({ origin: "https://evil.example" })("/api/echo");
    expect(answer.headers.has("access-control-allow-origin")).toBe(false);
  });
});

/** The headers that {@link own-headers/route.ts} sets. The gate sets some of the same names. */
const OF_THE_HANDLER = {
  ratelimit: '"of-the-handler";r=1',
  "ratelimit-policy": '"of-the-handler";q=1;w=1',
  "x-ratelimit-limit": "1",
  "retry-after": "9",
  "cache-control": "public, s-maxage=60",
  "x-request-id": "of-the-handler",
  "x-total-count": "3",
  "access-control-allow-origin": SHOP,
  "access-control-allow-credentials": "true",
  "access-control-expose-headers": "X-Total-Count",
};

describe("a handler's own headers", () => {
  test("all headers of a handler are sent when the response has no limit headers", async () => {
    const answer = await newClient({ origin: SHOP })("/api/own-headers");
    expect(Object.fromEntries(answer.headers)).toMatchObject(OF_THE_HANDLER);
  });

  test("the gate's limit headers replace a handler's headers of the same names, and no others", async () => {
    const answer = await newClient({ origin: SHOP })("/api/own-headers", { method: "POST" });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      ...OF_THE_HANDLER,
      ratelimit: '"handler-post:ip:minute";r=1;t=60',
      "ratelimit-policy": '"handler-post:ip:minute";q=2;w=60',
      "x-ratelimit-limit": "2",
      "access-control-expose-headers": expect.stringMatching(
        /^RateLimit, .*, X-Total-Count$/,
      ) as unknown,
    });
  });

  test("Vary has the values of the handler, of Next and of the gate", async () => {
    const vary = (await newClient({ origin: SHOP })("/api/own-headers")).headers.get("vary");
    expect(vary?.split(", ")).toEqual(expect.arrayContaining(["Origin", "Accept-Language", "rsc"]));
  });

  test("headers of next.config are sent, but never make a denial cacheable", async () => {
    const call = newClient({ origin: SHOP });
    const allowed = await call("/api/configured");
    expect(allowed.headers.get("cache-control")).toBe("public, s-maxage=60");
    expect(allowed.headers.get("access-control-expose-headers")).toBe("X-Configured");
    await call("/api/configured");
    const denied = await call("/api/configured");
    expect([denied.status, denied.headers.get("cache-control")]).toEqual([429, "no-store"]);
  });

  test("a cacheable prerendered page has no headers about the client", async () => {
    const call = newClient();
    const page = await call("/page");
    expect(page.headers.get("cache-control")).toContain("s-maxage");
    expect([...page.headers.keys()].filter((name) => name.includes("ratelimit"))).toEqual([]);
    await call("/page");
    const denied = await call("/page");
    expect([denied.status, denied.headers.get("cache-control")]).toEqual([429, "no-store"]);
  });
});

describe("a page of another origin", () => {
  test.each(["include", "omit"] as const)(
    "a page of another origin reads a denial and its Retry-After in Chromium, with credentials %j",
    async (credentials) => {
      const browser = cleanUp(await startBrowser(), (it) => it.close());
      const page = await browser.newPage();
      await page.goto(shop.url);
      const read = await page.evaluate(
        async ({ url, init }) => {
          const ask = () => fetch(url, init);
          const answers = [await ask(), await ask(), await ask()];
          return answers.map(({ status, headers }) => ({
            status,
            total: headers.get("x-total-count"),
            wait: headers.get("retry-after"),
            limits: headers.get("ratelimit"),
          }));
        },
        {
          url: `${app.url}/api/shop`,
          init: { credentials, headers: { "x-forwarded-for": newAddress() } },
        },
      );
      const allowed = { status: 200, total: "3", wait: null, limits: null };
      const limits = expect.stringContaining('"shop:ip:minute";r=0') as unknown;
      expect(read).toEqual([allowed, allowed, { status: 429, total: null, wait: "60", limits }]);
    },
  );
});

/** The `proxyClientMaxBodySize` of next.config. */
const ELEVEN_MB = 11_534_336;

describe("a body", () => {
  const sized = (bytes: number) => ({ method: "POST", body: new Uint8Array(bytes) });
  const chunked = () => ({
    method: "POST",
    duplex: "half" as const,
    body: new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(1000));
        controller.close();
      },
    }),
  });

  test("a body of the size limit of Next reaches the handler whole", async () => {
    const answer = await newClient()("/api/upload", sized(ELEVEN_MB));
    expect(await answer.json()).toEqual({ bytes: ELEVEN_MB });
  });

  test.each(["/api/upload", "/own/answer", "/no-rule-here"])(
    "a body above the size limit of Next is denied with a problem on %s, never truncated",
    async (path) => {
      const answer = await newClient()(path, sized(ELEVEN_MB + 1));
      expect(answer.status).toBe(413);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(await answer.json()).toMatchObject({ status: 413, title: "Content Too Large" });
    },
  );

  test("maxBody of a rule limits a body, also under another name of the route", async () => {
    const call = newClient();
    expect(await (await call("/api/upload/bounded", sized(102_400))).json()).toEqual({
      bytes: 102_400,
    });
    expect((await call("/api/upload/bounded", sized(102_401))).status).toBe(413);
  });

  test("a body needs a Content-Length only under a rule with maxBody", async () => {
    const call = newClient();
    expect((await call("/api/upload/bounded", chunked())).status).toBe(411);
    expect(await (await call("/api/upload", chunked())).json()).toEqual({ bytes: 1000 });
    // A request without a body needs no length.
    const none = await call("/api/upload/bounded", { method: "POST" });
    expect(await none.json()).toEqual({ bytes: 0 });
  });
});

describe("a page that calls its own API", () => {
  /** The status that the page got from the API. Each visitor has another address. */
  const innerOf = async (path: string, visit = newClient()) =>
    /inner (?:<!-- -->)?(\d+)/.exec(await (await visit(path)).text())?.[1];

  test("a page that calls its API as the visitor counts each of 12 visitors separately", async () => {
    const visitors = Array.from({ length: 12 }, () => newClient());
    const inner = await Promise.all(visitors.map((visit) => innerOf("/visited?as=visitor", visit)));
    expect(inner).toEqual(Array.from({ length: 12 }, () => "200"));
    const [visit = newClient()] = visitors;
    expect(await innerOf("/visited?as=visitor", visit)).toBe("200");
    expect(await innerOf("/visited?as=visitor", visit)).toBe("429");
  });

  test("a page that calls its API as itself counts all visitors by the server's address", async () => {
    const inner = [];
    for (let i = 0; i < 6; i += 1) inner.push(await innerOf("/visited"));
    expect(inner).toEqual(["200", "200", "429", "429", "429", "429"]);
  });

  test("a client gains nothing from a forged x-headgate-visitor header", async () => {
    const forged = `${Date.now() + 30_000} 203.0.113.77 ${"A".repeat(22)}`;
    const attack = newClient({ "x-headgate-visitor": forged });
    const statuses = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await attack("/api/visited")).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
  });
});

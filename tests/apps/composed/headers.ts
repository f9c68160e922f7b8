import { describe, expect, test } from "vitest";
import { scope } from "../../support/scope.ts";
import { SHOP, type ComposedApp } from "./app.ts";

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

/** Tests CORS headers, and the headers of handlers and of next.config. */
export function testHeaders(composed: ComposedApp): void {
  const { newAddress, newClient } = composed;
  const cleanUp = scope();

  describe("CORS", () => {
    test.each([200, 429])(
      "an allowed origin may read a %i and its limit headers",
      async (status) => {
        const call = newClient({ origin: SHOP });
        let answer = await call("/api/echo");
        while (answer.status !== status) answer = await call("/api/echo");
        expect(answer.headers.get("access-control-allow-origin")).toBe(SHOP);
        expect(answer.headers.get("access-control-expose-headers")).toContain(
          "RateLimit, RateLimit-Policy, Retry-After",
        );
        expect(answer.headers.get("vary")).toContain("Origin");
      },
    );

    test("another origin gets no CORS headers", async () => {
      const answer = await newClient({ origin: "https://evil.example" })("/api/echo");
      expect(answer.headers.has("access-control-allow-origin")).toBe(false);
    });
  });

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
      expect(vary?.split(", ")).toEqual(
        expect.arrayContaining(["Origin", "Accept-Language", "rsc"]),
      );
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
        const page = cleanUp(await composed.browser.newPage(), (it) => it.close());
        await page.goto(composed.shopUrl);
        const read = await page.evaluate(
          async ({ url, init }) => {
            const send = () => fetch(url, init);
            const answers = [await send(), await send(), await send()];
            return answers.map(({ status, headers }) => ({
              status,
              total: headers.get("x-total-count"),
              wait: headers.get("retry-after"),
              limits: headers.get("ratelimit"),
            }));
          },
          {
            url: `${composed.url}/api/shop`,
            init: { credentials, headers: { "x-forwarded-for": newAddress() } },
          },
        );
        const allowed = { status: 200, total: "3", wait: null, limits: null };
        const limits = expect.stringContaining('"shop:ip:minute";r=0') as unknown;
        // A loaded machine may need more than a second for the three requests.
        const wait = expect.stringMatching(/^(?:5\d|60)$/) as unknown;
        expect(read).toEqual([allowed, allowed, { status: 429, total: null, wait, limits }]);
      },
    );
  });
}

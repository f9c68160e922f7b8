import { describe, expect, test } from "vitest";
import { answeringGates, toldBy } from "../support/answering-gate.ts";
import { liveStore } from "../support/live-store.ts";

const gate = answeringGates(liveStore());

describe("a page of another origin", () => {
  const SHOP = "https://shop.example";
  const EXPOSE = "access-control-expose-headers";
  const CREDENTIALS = "access-control-allow-credentials";
  const from = (origin: string, method = "GET") => ({ method, headers: { origin } });
  const exposing = () =>
    new Response("ok", { headers: { "Access-Control-Expose-Headers": "X-Total-Count" } });

  test("a response without limits leaves Access-Control-Expose-Headers to the handler", async () => {
    const { send } = gate({ cors: { origins: [SHOP] } });
    const answer = await send("/plain", from(SHOP));
    expect(answer.headers.get("access-control-allow-origin")).toBe(SHOP);
    expect(answer.headers.has(EXPOSE)).toBe(false);
    expect(answer.headers.has(CREDENTIALS)).toBe(false);
  });

  test("a response with limits exposes them beside exposedHeaders", async () => {
    const { send } = gate({ cors: { origins: [SHOP], exposedHeaders: ["X-Total-Count"] } });
    const exposed = (await send("/plain", from(SHOP, "POST"))).headers.get(EXPOSE);
    expect(exposed).toMatch(/^RateLimit, RateLimit-Policy, Retry-After, .*, X-Total-Count$/);
  });

  test("a response with limits exposes the headers of the app's own middleware too", async () => {
    const { send } = gate({ cors: { origins: [SHOP] } }, exposing);
    const exposed = (await send("/told", from(SHOP))).headers.get(EXPOSE);
    expect(exposed).toMatch(/^X-Total-Count, RateLimit, /);
  });

  test("a denial may be read with credentials when the origin is named, and never by *", async () => {
    for (const [origins, allowed, credentials] of [
      [[SHOP], SHOP, "true"],
      [["*", SHOP], SHOP, "true"],
      [["*"], "*", null],
    ] as const) {
      const { send } = gate({ cors: { origins } });
      await send("/plain");
      await send("/plain");
      const { headers, status } = await send("/plain", from(SHOP));
      expect(status).toBe(429);
      expect(headers.get("access-control-allow-origin")).toBe(allowed);
      expect(headers.get(CREDENTIALS)).toBe(credentials);
      expect(headers.get(EXPOSE)).toContain("Retry-After");
    }
  });

  test("a denial by onDenied that allows every origin may not be read with credentials", async () => {
    const own = { status: 429, headers: { "Access-Control-Allow-Origin": "*" } };
    const { send } = gate({ cors: { origins: [SHOP] }, onDenied: () => new Response("no", own) });
    await send("/plain");
    await send("/plain");
    const { headers } = await send("/plain", from(SHOP));
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.has(CREDENTIALS)).toBe(false);
  });

  test.each(["shadow", "off"] as const)(
    "a response in mode %s may be read as in mode enforce, so that the mode breaks no page",
    async (mode) => {
      const { send } = gate({ cors: { origins: [SHOP] }, mode });
      const answer = await send("/told", from(SHOP));
      expect(answer.headers.get("access-control-allow-origin")).toBe(SHOP);
      expect(toldBy(answer)).toEqual([]);
      expect(answer.headers.has(EXPOSE)).toBe(false);
    },
  );

  test("a response has Vary: Origin only when it differs by origin", async () => {
    const vary = async (origins: readonly string[]) =>
      (await gate({ cors: { origins } }).send("/plain")).headers.get("vary");
    expect(await vary([SHOP])).toBe("Origin");
    expect(await vary(["*"])).toBeNull();
    expect(await vary([])).toBeNull();
  });
});

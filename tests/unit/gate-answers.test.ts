import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGate } from "#lib/gate";
import { definePolicy } from "#lib/policy/define";
import { senderTo } from "../support/gate-sender.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { gateOptions } from "../support/options.ts";

const rules = {
  plain: { match: "/plain", limits: { ip: "2 per minute" } },
  told: { match: "/told", limits: { ip: "2 per minute" }, headers: "always" },
  quiet: { match: "/quiet", limits: { ip: "2 per minute" }, headers: "denied" },
  first: { match: "/both", limits: { ip: "5 per minute" }, headers: "always" },
  second: { match: "/both", limits: { ip: "3 per minute" }, headers: "denied" },
  upload: { match: "/upload", limits: { ip: "2 per minute" }, maxBody: "1 kB" },
  small: { match: "/upload/small", limits: { ip: "9 per minute" }, maxBody: 10 },
  large: { match: "/upload/small", limits: { ip: "9 per minute" }, maxBody: "1 MB" },
  trial: { match: "/trial", limits: { ip: "2 per minute" }, maxBody: 10, mode: "shadow" },
} as const;
const policy = definePolicy({ rules });

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store?.stop());

type Options = Partial<Parameters<typeof createGate>[1]>;

/** Returns a gate's events, and a function that sends it a request and awaits the work after the response. */
function gate(options: Options = {}, handler?: () => Response, of = policy) {
  const made = gateOptions(store);
  const guard = createGate(of, { ...made.options, ...options }, handler);
  return { send: senderTo(guard), events: made.events };
}

const TOLD = ["ratelimit", "ratelimit-policy", "x-ratelimit-limit"];
const toldBy = ({ headers }: Response) => TOLD.filter((name) => headers.has(name));

describe("the rate-limit headers of an allowed request", () => {
  test.each(["GET", "HEAD"])(
    "an allowed %s has no rate-limit headers by default, since a cache may keep the response",
    async (method) => {
      const { send } = gate({ legacyHeaders: true });
      expect(toldBy(await send("/plain", { method }))).toEqual([]);
    },
  );

  test.each(["POST", "PUT", "PATCH", "DELETE"])(
    "an allowed %s has rate-limit headers by default",
    async (method) => {
      const { send } = gate({ legacyHeaders: true });
      expect(toldBy(await send("/plain", { method }))).toEqual(TOLD);
    },
  );

  test("the rule's headers option decides for every method", async () => {
    const { send } = gate();
    expect((await send("/told")).headers.get("ratelimit")).toMatch(/^"told:ip:minute";r=1/);
    expect(toldBy(await send("/quiet", { method: "POST" }))).toEqual([]);
  });

  test("the policy's default decides when the rule has no headers option", async () => {
    const always = definePolicy({ defaults: { headers: "always" }, rules });
    const { send } = gate({}, undefined, always);
    expect((await send("/plain")).headers.get("ratelimit")).toMatch(/^"plain:ip:minute";r=1/);
    expect(toldBy(await send("/quiet"))).toEqual([]);
  });

  test("a request of several rules has the headers of those rules that permit it", async () => {
    const answer = await gate().send("/both");
    expect(answer.headers.get("ratelimit")).toMatch(/^"first:ip:minute";r=4;t=\d+$/);
    expect(answer.headers.get("ratelimit-policy")).toBe('"first:ip:minute";q=5;w=60');
  });
});

describe("a denial", () => {
  test.each(["/plain", "/told", "/quiet"])(
    "a denial on %s has rate-limit headers, and is not cached",
    async (path) => {
      const { send } = gate();
      await send(path);
      await send(path);
      const answer = await send(path);
      expect(answer.status).toBe(429);
      expect(answer.headers.get("ratelimit")).toContain(`"${path.slice(1)}:ip:minute";r=0;t=`);
      expect(answer.headers.get("cache-control")).toBe("no-store");
    },
  );

  test("a denial by onDenied is not cached either", async () => {
    const headers = {
      "Cache-Control": "public, s-maxage=60",
      "CDN-Cache-Control": "max-age=60",
      "Vercel-CDN-Cache-Control": "max-age=60",
    };
    const { send } = gate({ onDenied: () => new Response("no", { status: 429, headers }) });
    await send("/plain");
    await send("/plain");
    const answer = await send("/plain");
    expect(await answer.text()).toBe("no");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect([...answer.headers.keys()].filter((name) => name.includes("cdn"))).toEqual([]);
  });
});

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

describe("a body", () => {
  const sized = (length: number | string, method = "POST") => ({
    method,
    headers: { "content-length": String(length) },
  });
  const stream = () =>
    ({ method: "POST", body: new Response("some").body, duplex: "half" }) as const;

  test("a body that Next would truncate is denied on every path, by a problem with the largest size", async () => {
    const { send, events } = gate({ nextMaxBody: 10_485_760 });
    for (const path of ["/plain", "/no-rule-here"]) {
      const answer = await send(path, sized(10_485_761));
      expect(answer.status).toBe(413);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(await answer.json()).toEqual({
        type: "about:blank",
        title: "Content Too Large",
        status: 413,
        detail: "The body of this request must be at most 10 MB.",
      });
    }
    const decisions = events.flatMap((event) => (event.kind === "decision" ? event.decision : []));
    expect(decisions).toHaveLength(2);
    expect(decisions[0]).toMatchObject({ reason: "body-too-large", maxBody: 10_485_760 });
    expect((await send("/no-rule-here", sized(10_485_760))).status).toBe(200);
    expect((await send("/no-rule-here", sized(99_999_999, "GET"))).status).toBe(200);
  });

  test.each(["shadow", "off"] as const)(
    "a body that Next would truncate is denied in mode %s too",
    async (mode) => {
      const { send, events } = gate({ nextMaxBody: 100, mode });
      expect((await send("/plain", sized(101))).status).toBe(413);
      // In another mode the event would report that the request was allowed.
      const decision = { allowed: false };
      expect(events[0]).toMatchObject({ mode: "enforce", method: "POST", decision });
    },
  );

  test("a body of any size is allowed when Next truncates none and no rule bounds it", async () => {
    const { send } = gate();
    expect((await send("/plain", sized(99_999_999_999))).status).toBe(200);
    expect((await send("/no-rule-here", stream())).status).toBe(200);
  });

  test("a body above a rule's maxBody is denied, and counts against no limit", async () => {
    const { send, events } = gate();
    for (let i = 0; i < 5; i += 1) expect((await send("/upload", sized(1025))).status).toBe(413);
    expect(events[0]).toMatchObject({ rules: ["upload"], decision: { counted: "nowhere" } });
    const answer = await send("/upload", sized(1024));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("ratelimit")).toMatch(/^"upload:ip:minute";r=1/);
  });

  test("the smallest maxBody of several rules decides", async () => {
    const { send } = gate({ nextMaxBody: 10_485_760 });
    const answer = await send("/upload/small", sized(11));
    expect(await answer.json()).toMatchObject({
      status: 413,
      detail: expect.stringContaining("10 B") as unknown,
    });
    expect((await send("/upload/small", sized(10))).status).toBe(200);
  });

  test.each([
    ["a body without a length", stream()],
    ["a body with a coding", { method: "POST", headers: { "transfer-encoding": "chunked" } }],
    ["a body with a length that is not a number", sized("12, 12")],
  ])("%s is denied with 411 when a rule has a maxBody", async (_, init) => {
    const answer = await gate().send("/upload", init);
    expect(answer.status).toBe(411);
    expect(await answer.json()).toMatchObject({ title: "Length Required", status: 411 });
  });

  test("a request without a body needs no length, even when Next has an empty stream", async () => {
    expect((await gate().send("/upload", { method: "POST" })).status).toBe(200);
    expect((await gate({ nextMaxBody: 100 }).send("/upload", stream())).status).toBe(200);
  });

  test("a body above the maxBody of a rule in shadow is allowed", async () => {
    expect((await gate().send("/trial", sized(11))).status).toBe(200);
  });

  test("a body above a rule's maxBody is allowed and reported when HEADGATE_MODE is shadow", async () => {
    const { send, events } = gate({ mode: "shadow" });
    expect((await send("/upload", sized(1025))).status).toBe(200);
    expect(events[0]).toMatchObject({ mode: "shadow", decision: { reason: "body-too-large" } });
  });

  test("onDenied may return the response to a body that is too large", async () => {
    const onDenied = (_: Request, { reason }: { reason: string }) =>
      new Response(reason, { status: 413 });
    const answer = await gate({ onDenied }).send("/upload", sized(1025));
    expect(await answer.text()).toBe("body-too-large");
  });
});

import { packageName } from "#lib/server/package-name";
import { namespaceOf } from "#lib/core/namespace";
import { Redis as Direct } from "ioredis";
import { parseList } from "structured-headers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT } from "../support/app.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { AUTH_SECRET, sign } from "../support/sign.ts";
import { documentedVariables, propertyReads } from "../support/variables.ts";
import { codeOf, edgeFunction, startOnVercel } from "../support/vercel.ts";

let store: TestStore;
let direct: Direct;
let addresses = 0;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  store = await startStore();
  direct = new Direct(store.redis.url);
});
afterAll(async () => {
  direct?.disconnect();
  await store?.stop();
});

const start = (env: Readonly<Record<string, string>> = {}) =>
  startOnVercel({
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
    HEADGATE_STORE_DEADLINE_MS: "10000",
    AUTH_SECRET,
    VERCEL_ENV: "production",
    // Each response is awaited with the work after it.
    METRICS_WINDOW_MS: "100",
    ...env,
  });

function newAddress(): string {
  addresses += 1;
  return `198.51.100.${addresses}`;
}

const isAllowed = (answer: Response) => answer.headers.get("x-middleware-next") === "1";
const remaining = (answer: Response, rule: string) =>
  new Map(
    parseList(answer.headers.get("ratelimit") ?? "").map(([name, all]) => [name, all.get("r")]),
  ).get(rule);

describe("the built edge function, with Vercel's environment", () => {
  test("the built edge function enforces rules, and denies with a problem or a page", async () => {
    const app = start();
    const address = newAddress();
    for (let i = 0; i < 10; i += 1) {
      const answer = await app.send("/api/search", { address });
      expect([isAllowed(answer), remaining(answer, "search:ip:minute")]).toEqual([true, 9 - i]);
    }
    const denied = await app.send("/api/search", { address });
    expect([denied.status, isAllowed(denied)]).toEqual([429, false]);
    expect(denied.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(denied.headers.get("content-type")).toBe("application/problem+json");
    expect(await denied.json()).toMatchObject({
      status: 429,
      "violated-policies": ["search:ip:minute"],
    });
    const page = await app.send("/api/search", { address, headers: { accept: "text/html" } });
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(app.output()).toContain('"requestId":"fra1::abcde-1700000000000-0123456789ab"');
  });

  test("the built edge function counts the address that Vercel names without a setting, whatever a client claims", async () => {
    const app = start();
    const address = newAddress();
    const forged = {
      "x-forwarded-for": "1.2.3.4",
      "x-real-ip": "1.2.3.4",
      "cf-connecting-ip": "1.2.3.4",
      forwarded: "for=1.2.3.4",
      "x-headgate-socket": "nonce 1.2.3.4",
    };
    expect(remaining(await app.send("/api/x", { address }), "api:ip:minute")).toBe(599);
    expect(remaining(await app.send("/api/x", { address, headers: forged }), "api:ip:minute")).toBe(
      598,
    );
    expect(
      remaining(
        await app.send("/api/x", { address: newAddress(), headers: forged }),
        "api:ip:minute",
      ),
    ).toBe(599);
  });

  test("the built edge function trusts CF-Connecting-IP only from addresses of Cloudflare", async () => {
    const app = start({ CLIENT_IP_FROM: "vercel+cloudflare" });
    const client = newAddress();
    const headers = { "cf-connecting-ip": client };
    expect(
      remaining(await app.send("/api/x", { address: "173.245.48.1", headers }), "api:ip:minute"),
    ).toBe(599);
    expect(
      remaining(await app.send("/api/x", { address: "173.245.48.9", headers }), "api:ip:minute"),
    ).toBe(598);
    const past = await app.send("/api/x", { address: newAddress(), headers });
    expect(remaining(past, "api:ip:minute")).toBe(599);
  });

  test("the built edge function counts a preview separately from production", async () => {
    const [production, preview] = [start(), start({ VERCEL_ENV: "preview" })];
    const address = newAddress();
    expect(remaining(await production.send("/api/x", { address }), "api:ip:minute")).toBe(599);
    expect(remaining(await preview.send("/api/x", { address }), "api:ip:minute")).toBe(599);
    expect(remaining(await production.send("/api/x", { address }), "api:ip:minute")).toBe(598);
    const keys = await direct.keys("*");
    const namespaces = ["production", "preview"].map(
      (environment) =>
        namespaceOf({ VERCEL_ENV: environment, HEADGATE_APP: packageName(ROOT) }).name,
    );
    expect(new Set(keys.map((key) => key.split(":")[0]))).toEqual(new Set(namespaces));
  });

  test("the built edge function counts users by verified tokens", async () => {
    const app = start();
    const path = "/api/dashboard/profile/delete";
    const ask = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await app.send(path, { method: "POST", address: newAddress(), headers });
      return remaining(answer, "profile-delete:user:day");
    };
    const ada = await sign({ sub: "ada-on-vercel" });
    const forged = await sign({ sub: "ada-on-vercel", secret: "x".repeat(40) });
    expect([await ask(ada), await ask(ada), await ask(forged)]).toEqual([2, 1, 2]);
  });

  test("the built edge function decides 200 concurrent requests as if they came one by one", async () => {
    const app = start();
    const address = newAddress();
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => app.send("/api/search", { address })),
    );
    expect(answers.filter(isAllowed)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(190);
    expect(app.output()).not.toMatch(/Error|store-failed/);
  });

  test("the gate decides by each rule's onStoreFailure while the store is unavailable, and logs it after the response", async () => {
    const app = start({ UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1" });
    const open = await app.send("/api/search");
    expect([isAllowed(open), open.headers.has("ratelimit")]).toEqual([true, false]);
    const closed = await app.send("/api/admin/pipeline/trigger", { method: "POST" });
    expect(closed.status).toBe(503);
    expect(app.output()).toContain('"event":"store-failed"');
    expect(app.output()).not.toContain(store.token);
  });

  test("the built edge function without a store allows requests, and names the variable only in its log", async () => {
    const app = startOnVercel({ VERCEL_ENV: "production" });
    for (let i = 0; i < 12; i += 1) {
      const answer = await app.send("/api/search");
      expect([answer.status, await answer.text()]).toEqual([200, ""]);
    }
    expect(app.output().split("UPSTASH_REDIS_REST_URL must be")).toHaveLength(2);
  });

  test("the built edge function finds the store by the variables of Vercel's integration", async () => {
    const app = startOnVercel({
      VERCEL_ENV: "production",
      KV_REST_API_URL: store.url,
      KV_REST_API_TOKEN: store.token,
    });
    expect(remaining(await app.send("/api/x", { address: newAddress() }), "api:ip:minute")).toBe(
      599,
    );
  });
});

describe("the built edge function on Vercel", () => {
  test("the built edge function runs for every path except static files", () => {
    const [matcher, ...others] = edgeFunction().matchers;
    expect([matcher?.originalSource, others]).toEqual([
      "/((?!_next/static/|favicon\\.ico$).*)",
      [],
    ]);
    const asked = new RegExp(matcher?.regexp ?? "");
    for (const path of ["/", "/api/search", "/API/Search", "/api/%73earch", "/_next/image"]) {
      expect([path, asked.test(path)]).toEqual([path, true]);
    }
    for (const path of ["/_next/static/a.js", "/favicon.ico"]) {
      expect([path, asked.test(path)]).toEqual([path, false]);
    }
  });

  test("the built edge function imports no Node module that its runtime lacks", () => {
    // @vercel/otel tries to load node:http and node:https with its own require.
    const needed = codeOf(edgeFunction()).flatMap(
      (code) => code.match(/(?<=(?:require|import)\(|from ?)["'`]node:[a-z_/]+["'`]/g) ?? [],
    );
    expect([...new Set(needed)].toSorted((a, b) => a.localeCompare(b))).toEqual([
      '"node:async_hooks"',
      '"node:buffer"',
      '"node:events"',
    ]);
  });

  test("the built edge function reads only variables of docs/reference/environment.md and of Next", () => {
    const reads = codeOf(edgeFunction()).flatMap((code) => propertyReads(code, "chunk.js"));
    const named = reads.flatMap(({ name, of }) => (of === "process.env" ? [name] : []));
    expect(named).toContain("NEXT_PHASE");
    // @vercel/otel reads the variables of OpenTelemetry and of its platform.
    const ofOurs = named.filter((name) => !/^(?:(?:__)?NEXT|OTEL|VERCEL)_/.test(name));
    expect(ofOurs.filter((name) => !documentedVariables().has(name))).toEqual([]);
  });

  test("the built edge function contains no zod, which is for handlers", () => {
    expect(codeOf(edgeFunction()).filter((code) => code.includes("_zod"))).toEqual([]);
  });

  test("the built edge function makes no code from text, which its runtime rejects", () => {
    const app = start();
    expect(app.refusesCode()).toBe(true);
  });
});

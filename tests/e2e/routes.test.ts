import { Redis as Direct } from "ioredis";
import { UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#lib/cli/build";
import { ROOT, type RunningApp, startApp } from "../support/app.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { headersFor, POST_ROUTES, type PostRouteCase } from "../support/routes.ts";
import { AUTH_SECRET, sign } from "../support/sign.ts";

let redis: TestRedis;
let app: RunningApp;
let direct: Direct;
let clients = 0;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  redis = await startRedis();
  direct = new Direct(redis.url);
  app = await startApp({ REDIS_URL: redis.url, AUTH_SECRET, CLIENT_IP_FROM: "hops:1" });
});
afterAll(async () => {
  await app?.stop();
  direct?.disconnect();
  await redis?.stop();
});

/** A client that no limit knows yet. */
function nobody() {
  clients += 1;
  return { sub: `user-${clients}`, address: `198.51.100.${clients % 250}` };
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
}

async function send(route: PostRouteCase, { method = "POST", headers, body }: Sent = {}) {
  // What was counted before is not the question here.
  await direct.flushall();
  const { sub, address } = nobody();
  const by = headers ?? (await headersFor(route, sub));
  const answer = await fetch(app.url + route.path, {
    method,
    headers: { "x-forwarded-for": address, ...by },
    ...(body !== undefined && { body }),
  });
  const text = await answer.text();
  const { status, headers: sent } = answer;
  const [type, cache] = [sent.get("content-type"), sent.get("cache-control")];
  return { status, type, cache, headers: sent, text };
}

/** What an answer is where it refuses: problem details that no cache keeps. */
const problem = (status: number) => ({
  status,
  type: "application/problem+json",
  cache: "no-store",
  text: expect.stringContaining(`"status":${status}`),
});

const json = (value: unknown) => ({ body: JSON.stringify(value) });

describe.each(POST_ROUTES)("POST $path", (route) => {
  test("takes good input, and leaves no key without an end", async () => {
    const answer = await send(route, json(route.good));
    expect(answer).toMatchObject({ status: route.status });
    expect(answer.cache).toBe("no-store");
    const keys = await direct.keys("*");
    const ttls = await Promise.all(keys.map((key) => direct.pttl(key)));
    expect(keys.filter((_, at) => (ttls[at] ?? -1) <= 0)).toEqual([]);
  });

  test.each(route.bad)("refuses %j with what is wrong", async (bad) => {
    const answer = await send(route, json(bad));
    expect(answer).toMatchObject(problem(400));
    expect(answer.text).toContain('"errors":[{');
  });

  test("refuses what is no JSON, in UTF-8, in a body of at most 64 kB", async () => {
    expect(await send(route, { body: '{"type":' })).toMatchObject(problem(400));
    expect(await send(route, { body: new Uint8Array([0x22, 0xff, 0x22]) })).toMatchObject(
      problem(400),
    );
    const large = JSON.stringify({ ...route.good, more: "x".repeat(64 * 1024) });
    expect(await send(route, { body: large })).toMatchObject(problem(413));
  });

  test.each(["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])(
    "refuses the content type %j",
    async (type) => {
      const headers = { ...(await headersFor(route, nobody().sub)), "content-type": type };
      expect(await send(route, { headers, ...json(route.good) })).toMatchObject(problem(415));
    },
  );

  test.each(["GET", "PUT", "PATCH", "DELETE"])(
    "has no %s, and says what it has",
    async (method) => {
      const answer = await send(route, { method });
      expect(answer).toMatchObject(problem(405));
      expect(answer.headers.get("allow")).toBe("POST, OPTIONS");
    },
  );
});

const WITH_CALLER = POST_ROUTES.filter(({ caller }) => caller !== "anyone");

describe.each(WITH_CALLER)("POST $path, by somebody else", (route) => {
  const role = route.caller === "admin" ? { role: "admin" } : {};
  const type = { "content-type": "application/json" };

  test.each<[string, () => Promise<string> | string | undefined]>([
    ["no token", () => undefined],
    ["an expired token", () => sign({ ...role, exp: "1 minute ago" })],
    ["a forged token", () => sign({ ...role, secret: "a secret that nobody of ours has used" })],
    ["another algorithm", () => sign({ ...role, alg: "HS512" })],
    ["another audience", () => sign({ ...role, aud: "elsewhere" })],
    [
      "an unsigned token",
      () =>
        new UnsecuredJWT({ sub: "artist-1", aud: "headgate", ...role })
          .setExpirationTime("5m")
          .encode(),
    ],
  ])("with %s is 401", async (_, make) => {
    const token = await make();
    const headers = { ...type, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const answer = await send(route, { headers, ...json(route.good) });
    expect(answer).toMatchObject(problem(401));
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer realm="headgate"/);
  });

  test("with a session cookie needs the app's own origin", async () => {
    const cookie = `session=${await sign(role)}`;
    const from = (origin?: string) =>
      send(route, {
        headers: { ...type, cookie, ...(origin !== undefined && { origin }) },
        ...json(route.good),
      });
    expect(await from()).toMatchObject(problem(403));
    expect(await from("https://evil.example")).toMatchObject(problem(403));
    expect(await from("null")).toMatchObject(problem(403));
    expect((await from(app.url)).status).toBe(route.status);
  });
});

const ADMIN_ROUTES = POST_ROUTES.filter(({ caller }) => caller === "admin");

test.each(
  ADMIN_ROUTES.flatMap((route) =>
    [undefined, "user", "Admin"].map((role) => [route, role] as const),
  ),
)("POST $path with another role is 403", async (route, role) => {
  const token = await sign(role === undefined ? {} : { role });
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  expect(await send(route, { headers, ...json(route.good) })).toMatchObject(problem(403));
});

test("the seed's own command is taken as it is written", async () => {
  await direct.flushall();
  const track = async () => {
    const answer = await fetch(`${app.url}/api/analytics/track`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: '{"type":"profile_view","artistId":"...","sessionId":"test-123"}',
    });
    return answer.json();
  };
  expect(await track()).toStrictEqual({ tracked: true });
  expect(await track()).toStrictEqual({ tracked: false, reason: "duplicate" });
});

describe("GET /api/health/redis", () => {
  test("answers 200 with the round trip, is exempt from limits, and 503 without Redis", async () => {
    const own = await startRedis();
    const other = await startApp({ REDIS_URL: own.url, HEADGATE_STORE_DEADLINE_MS: "2000" });
    try {
      const well = await fetch(`${other.url}/api/health/redis`);
      expect(well.status).toBe(200);
      expect(well.headers.get("ratelimit")).toBeNull();
      expect(await well.json()).toStrictEqual({ status: "ok", roundTripMs: expect.any(Number) });
      await own.stop();
      const ill = await fetch(`${other.url}/api/health/redis`);
      expect(ill.status).toBe(503);
      const text = await ill.text();
      expect(text).not.toMatch(/127\.0\.0\.1|redis:|token/i);
    } finally {
      await other.stop();
      await own.stop();
    }
  });
});

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#lib/cli/build";
import { type InstagramStandIn, startInstagramStandIn } from "#lib/cli/instagram-stand-in";
import { ROOT, type RunningApp, startApp } from "../support/app.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { AUTH_SECRET, sign } from "../support/sign.ts";

/** The seed document's scenarios, over HTTP, on two instances over one Redis. */
let redis: TestRedis;
let instagram: InstagramStandIn;
let instances: RunningApp[] = [];

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  redis = await startRedis();
  instagram = await startInstagramStandIn({ token: "the-first-token" });
  const env = {
    REDIS_URL: redis.url,
    AUTH_SECRET,
    CLIENT_IP_FROM: "hops:1",
    INSTAGRAM_STAND_IN: instagram.url,
    INSTAGRAM_ACCESS_TOKEN: "the-first-token",
  };
  instances = await Promise.all([startApp(env), startApp(env)]);
});
afterAll(async () => {
  for (const app of instances) await app.stop();
  await instagram?.stop();
  await redis?.stop();
});

interface Asked {
  readonly body?: object;
  readonly user?: string;
  readonly address?: string;
}

/** Sends the same request `times` at once, to the instances in turn. */
async function atOnce(times: number, path: string, { body = {}, user, address }: Asked) {
  const authorization = user && `Bearer ${await sign({ sub: user })}`;
  const headers = {
    "content-type": "application/json",
    "x-forwarded-for": address ?? "203.0.113.1",
    ...(authorization && { authorization }),
  };
  const sent = Array.from({ length: times }, async (_, i) => {
    const app = instances[i % instances.length];
    const answer = await fetch(`${app?.url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    const json: unknown = await answer.json();
    return { status: answer.status, headers: answer.headers, json };
  });
  return Promise.all(sent);
}

const count = <T>(list: readonly T[], is: (it: T) => boolean) => list.filter(is).length;

describe("Scenario 1: limits on many instances", () => {
  test("20 concurrent searches: 10 succeed, whichever instance answers", async () => {
    const answers = await atOnce(20, "/api/search", { body: { q: "a" }, address: "203.0.113.10" });
    expect(count(answers, ({ status }) => status === 200)).toBe(10);
    expect(count(answers, ({ status }) => status === 429)).toBe(10);
  });

  test("a user's limit holds across instances and addresses, and leaves another user's alone", async () => {
    const remove = (user: string, address: string) =>
      atOnce(2, "/api/dashboard/profile/delete", { user, address });
    const first = await remove("ada", "203.0.113.20");
    const second = await remove("ada", "203.0.113.21");
    const statuses = [...first, ...second].map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const others = await remove("grace", "203.0.113.20");
    expect(others.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe("Scenario 2: an event from three tabs", () => {
  test("sent 50 times at once is counted once", async () => {
    const body = { type: "profile_view", artistId: "artist-1", sessionId: "a-session" };
    const answers = await atOnce(50, "/api/analytics/track", { body, address: "203.0.113.30" });
    const told = answers.map(({ json }) => json);
    expect(count(told, (it) => JSON.stringify(it) === '{"tracked":true}')).toBe(1);
    expect(
      count(told, (it) => JSON.stringify(it) === '{"tracked":false,"reason":"duplicate"}'),
    ).toBe(49);
  });
});

describe("Scenario 3: Instagram from several tabs", () => {
  test("a sync from 20 tabs is one token refresh and one fetch", async () => {
    const answers = await atOnce(20, "/api/dashboard/sync/trigger", { user: "artist-1" });
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(instagram.calls()).toEqual({ media: 1, refresh: 1 });
    const fetched = answers.filter(({ json }) => JSON.stringify(json).includes('"fetched":true'));
    expect(fetched).toHaveLength(1);
    for (const { json } of answers) expect(json).toMatchObject({ synced: true, items: 12 });
  });
});

test("no script of a page knows of the store", () => {
  const scripts = globSync(".next/static/**/*.js", { cwd: ROOT });
  expect(scripts.length).toBeGreaterThan(3);
  const text = scripts.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
  expect(text).not.toMatch(/UPSTASH_|REDIS_URL|HEADGATE_SECRET|AUTH_SECRET|x-headgate-socket/);
});

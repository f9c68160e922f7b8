import { globSync, readFileSync } from "node:fs";
import { request as send } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT, type RunningApp, startApp } from "../support/app.ts";
import { startRedis } from "../support/redis.ts";
import { repeat, statuses, times } from "../support/repeat.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const cleanUpAtEnd = scope(afterAll);

/** An app over a given Redis without further settings. */
let shared: RunningApp;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  const redis = cleanUpAtEnd(await startRedis(), (it) => it.stop());
  shared = cleanUpAtEnd(await startApp({ REDIS_URL: redis.url }), (it) => it.stop());
});

async function redisAndApp(env: Record<string, string> = {}) {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const app = cleanUp(await startApp({ REDIS_URL: redis.url, ...env }), (it) => it.stop());
  return { redis, app };
}

/** Asks for another protocol from a loopback address, and resolves to the status. */
function upgrade(port: string, localAddress: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { connection: "Upgrade", upgrade: "websocket" };
    send({ port, host: "127.0.0.1", localAddress, path: "/api/search", headers })
      .on("response", (response) => {
        response.resume();
        resolve(response.statusCode);
      })
      .on("error", reject)
      .end();
  });
}

describe("npm start", () => {
  test("npm start without settings chooses a store, prints its settings, and stops on a signal", async () => {
    const app = cleanUp(await startApp(), (it) => it.stop());
    expect(
      app
        .output()
        .trim()
        .split("\n")
        .map((line) => line.split(/\s+/)[0]),
    ).toEqual(["store", "clients", "users", "posts", "policy", "ready"]);
    expect(app.output()).toMatch(/store +(redis|valkey)-server, started for this process/);
    expect((await fetch(`${app.url}/api/search`)).status).toBe(200);
    expect(await app.stop()).toBe(0);
  });

  test("npm start counts by the socket's address, whatever a client claims", async () => {
    let i = 0;
    const answers = await repeat(11, () => {
      i += 1;
      const claim = `203.0.113.${i}`;
      return fetch(`${shared.url}/api/search`, {
        headers: {
          "x-forwarded-for": claim,
          "x-real-ip": claim,
          forwarded: `for=${claim}`,
          "cf-connecting-ip": claim,
          "x-vercel-forwarded-for": claim,
          "x-headgate-socket": `n ${claim}`,
        },
      });
    });
    expect(statuses(answers)).toEqual([...times(10, 200), 429]);
    // A proxy would write such headers, so one warning is logged.
    const warned = shared.output().match(/warning +CLIENT_ADDRESS_HEADER_UNCONFIGURED: .*/g);
    expect(warned).toEqual([expect.stringContaining("set CLIENT_IP_FROM=hops:1")]);
    expect(shared.output()).not.toContain("203.0.113.");
  });

  test.each([
    [
      "trusted:10.0.0.0/8,fd00::/8",
      (n: number) => ({ "x-forwarded-for": `203.0.113.${n}, fd00::1, 10.0.0.1` }),
    ],
    ["header:fly-client-ip", (n: number) => ({ "fly-client-ip": `203.0.113.${n}` })],
  ])(
    "npm start with CLIENT_IP_FROM=%s counts the address that the proxies name",
    async (from, named) => {
      const { app } = await redisAndApp({ CLIENT_IP_FROM: from });
      const ask = (n: number, claimed = {}) =>
        fetch(`${app.url}/api/search`, { headers: { ...claimed, ...named(n) } });
      expect(statuses(await repeat(11, () => ask(1)))).toEqual([...times(10, 200), 429]);
      expect((await ask(2)).status).toBe(200);
      expect((await ask(1, { "x-real-ip": "203.0.113.3" })).status).toBe(429);
      await expect.poll(() => app.output()).toContain("CLIENT_ADDRESS_HEADER_UNCONFIGURED");
      const line = app.output().match(/^\{.*HEADER_UNCONFIGURED.*$/gm)?.[0] ?? "{}";
      expect(JSON.parse(line)).toMatchObject({ level: "info", event: "address" });
      expect(app.output()).not.toContain("203.0.113.");
    },
  );

  test("npm start answers requests in flight while it stops, does not wait for an upgrade, and then exits", async () => {
    const { app } = await redisAndApp();
    const { port } = new URL(app.url);
    expect(await upgrade(port, "127.0.0.1")).toBe(200);
    // A request stays in flight until its body ends.
    const slow = send({
      port,
      host: "127.0.0.1",
      method: "POST",
      path: "/api/search",
      headers: { "content-type": "application/json" },
    });
    const answered = new Promise<number | undefined>((resolve, reject) => {
      slow
        .on("response", (response) => {
          response.resume();
          resolve(response.statusCode);
        })
        .on("error", reject);
    });
    slow.write('{"q":');
    await expect.poll(() => fetch(`${app.url}/api/health`).then((r) => r.status)).toBe(200);
    const stopped = app.stop("SIGTERM");
    await expect
      .poll(() =>
        fetch(`${app.url}/api/health`).then(
          () => "open",
          () => "closed",
        ),
      )
      .toBe("closed");
    slow.end('""}');
    expect(await answered).toBe(200);
    expect(await stopped).toBe(0);
  });

  test("npm start counts an upgrade like any other request", async () => {
    const { port } = new URL(shared.url);
    const answers: (number | undefined)[] = [];
    for (let i = 0; i < 11; i += 1) answers.push(await upgrade(port, "127.0.0.2"));
    expect(answers).toEqual([...times(10, 200), 429]);
  });

  test("npm start serves, and stops on a signal, after the program that read its log has ended", async () => {
    const { app } = await redisAndApp();
    app.closeOutput();
    // Each denial is logged.
    const answers = await repeat(20, () => fetch(`${app.url}/api/search`));
    expect(statuses(answers)).toEqual([...times(10, 200), ...times(10, 429)]);
    expect(await app.stop()).toBe(0);
  });

  test("npm start has no image optimizer that would fetch limited paths for a client", async () => {
    const answer = await fetch(`${shared.url}/_next/image?url=%2Fapi%2Fsearch&w=640&q=75`);
    expect(answer.status).toBe(404);
  });

  test("npm start does not build an unchanged tree again", async () => {
    const said = vi.fn<(line: string) => void>();
    expect(await buildOnce(ROOT, said)).toBe(false);
    expect(said).not.toHaveBeenCalled();
  });
});

describe("npm start over a given Redis", () => {
  test("npm start warns when no secret is set, and only then", async () => {
    expect(shared.output()).toMatch(/^warning .*set HEADGATE_SECRET/m);
    const HEADGATE_SECRET = "a secret that is at least 32 characters";
    const { app } = await redisAndApp({ HEADGATE_SECRET });
    expect(app.output()).not.toContain("warning");
  });

  test.each([
    [{ PORT: "abc" }, "PORT must be a whole number"],
    [{ REDIS_URL: "http://127.0.0.1" }, "REDIS_URL must be redis://"],
    [
      { UPSTASH_REDIS_REST_URL: "https://store.example" },
      "UPSTASH_REDIS_REST_TOKEN must be set, since UPSTASH_REDIS_REST_URL is",
    ],
    [
      {
        HEADGATE_SECRET: "short",
        INSTAGRAM_ACCESS_TOKEN: "a-token",
        INSTAGRAM_API_URL: "https://evil.example",
      },
      /HEADGATE_SECRET must be at least 32 characters.* INSTAGRAM_API_URL must be https, at graph\.instagram\.com/,
    ],
    [{ CLIENT_IP_FROM: "trusted:0.0.0.0/0" }, "clients in it could name any address"],
  ])("npm start does not start with %j, and prints what is allowed", async (env, words) => {
    await expect(startApp(env)).rejects.toThrow(words);
  });
});

test("a production build has no development sign-in, neither page nor route", async () => {
  expect((await fetch(`${shared.url}/dev/sign-in`)).status).toBe(404);
  const body = new URLSearchParams({ sub: "ada" });
  const sent = await fetch(`${shared.url}/dev/sign-in/session`, { method: "POST", body });
  expect(sent.status).toBe(404);
  const routes = readFileSync(join(ROOT, ".next", "app-path-routes-manifest.json"), "utf8");
  expect(routes).toContain("/api/search");
  expect(routes).not.toContain("/dev/");
});

test("no script of a page contains settings of the store", () => {
  const scripts = globSync(".next/static/**/*.js", { cwd: ROOT });
  expect(scripts.length).toBeGreaterThan(3);
  const text = scripts.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
  expect(text).not.toMatch(/UPSTASH_|REDIS_URL|HEADGATE_SECRET|AUTH_SECRET|x-headgate-socket/);
});

import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { rawClient, statusesOf } from "../../support/raw-client.ts";
import { AUTH_SECRET, sign } from "../../support/sign.ts";
import { searches, times, type PackedApp, type Variables } from "./package.ts";

/** This Node, and another one of the machine if there is one. The packed server runs on Node 20 and later. */
const NODES = [...new Set([process.execPath, ...systemNode()])].map((path) => {
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return { version: stdout.trim(), path };
});

function systemNode(): string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const nodes = folders.map((it) => join(it, "node")).filter((it) => existsSync(it));
  return nodes.filter((it) => !it.includes("node_modules")).slice(0, 1);
}

/** Tests server.mjs in a separate folder. */
export function testServer(packed: PackedApp): void {
  const { cleanUp, launch, start, storeVariables } = packed;

  describe("node server.mjs in a separate folder", () => {
    test.each(NODES)(
      "node server.mjs prints its settings, enforces limits and exits with 0 on Node $version",
      async ({ path }) => {
        const variables = await storeVariables();
        const app = await start(variables, "server.mjs", path);
        expect(app.output().replaceAll(/:\d+/g, ":0").trim().split("\n")).toEqual([
          "store    Upstash REST at 127.0.0.1:0",
          "clients  counted by the socket's address (behind a proxy, set CLIENT_IP_FROM)",
          "users    no user can sign in: AUTH_SECRET is not set",
          "posts    none: INSTAGRAM_ACCESS_TOKEN is not set",
          "policy   config/rate-limits.ts: 13 rules, 14 limits, 3 exempt paths",
          "ready    http://127.0.0.1:0",
        ]);
        expect(await searches(times(20, 0).map(() => app.url))).toEqual([
          ...times(10, 200),
          ...times(10, 429),
        ]);
        expect(await searches([app.url], { "x-forwarded-for": "198.51.100.1" })).toEqual([429]);
        expect(await app.stop()).toBe(0);
      },
    );

    test("node server.mjs serves pages with all files that they load", async () => {
      const app = await start({ HEADGATE_STORE: "embedded" });
      for (const path of ["/", "/login"]) {
        const page = await (await fetch(app.url + path)).text();
        const loaded = [...page.matchAll(/"(\/_next\/static\/[^"\\]+)"/g)].map(([, file]) => file);
        expect(loaded.length).toBeGreaterThan(3);
        const answers = await Promise.all(loaded.map((file) => fetch(app.url + file)));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      }
      expect((await fetch(`${app.url}/api/health/redis`)).status).toBe(200);
    });

    test("two instances of server.mjs behind a proxy share counts by the address that the proxy names", async () => {
      const variables = { ...(await storeVariables()), CLIENT_IP_FROM: "hops:1" };
      const [one, two] = await Promise.all([start(variables), start(variables)]);
      const urls = times(20, 0).map((_, i) => (i % 2 === 0 ? one.url : two.url));
      const from = (address: string) => ({ "x-forwarded-for": `198.51.100.1, ${address}` });
      const expected = [...times(10, 200), ...times(10, 429)];
      expect(await searches(urls, from("203.0.113.9"))).toEqual(expected);
      expect(await searches([one.url, two.url], from("203.0.113.10"))).toEqual([200, 200]);
    });

    test("node server.mjs signs in by AUTH_SECRET alone, and generates no secret", async () => {
      const token = await sign();
      const update = async (env: Variables) => {
        const app = await start({ HEADGATE_STORE: "embedded", ...env });
        const answer = await fetch(`${app.url}/api/dashboard/profile/update`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({ city: "Lisbon" }),
        });
        const sample = await fetch(`${app.url}/sample/sign-in`, {
          method: "POST",
          headers: { origin: app.url },
          body: new URLSearchParams({ role: "user" }),
        });
        expect(sample.status).toBe(404);
        return answer.status;
      };
      expect(await update({ AUTH_SECRET })).toBe(200);
      expect(await update({})).toBe(401);
      expect(existsSync(join(packed.folder, ".headgate", "auth-secret"))).toBe(false);
    });

    test("node server.mjs that stops finishes requests in flight, accepts no new ones and exits with 0", async () => {
      const app = await start({ HEADGATE_STORE: "embedded" });
      const port = Number(new URL(app.url).port);
      const open = () => cleanUp(rawClient(port), ({ socket }) => socket.destroy());
      const body = JSON.stringify({ type: "profile_view", artistId: "a-1", sessionId: "test-123" });
      const working = open();
      const head = [
        "POST /api/analytics/track HTTP/1.1",
        "Host: app.example",
        "Content-Type: application/json",
        `Content-Length: ${body.length}`,
        "Expect: 100-continue",
      ];
      working.socket.write(`${head.join("\r\n")}\r\n\r\n`);
      await expect.poll(() => statusesOf(working.text())).toEqual([100]);
      const ended = app.stop();
      await expect.poll(() => isRefused(app.url)).toBe(true);
      working.socket.write(body);
      expect(statusesOf(await working.closed)).toEqual([100, 200]);
      expect(await ended).toBe(0);
    });

    test("node server.mjs starts no store when none is configured, and prints what to set", async () => {
      const app = launch({});
      expect(await app.closed).toBe(1);
      expect(app.output()).toMatch(/^ENV_INVALID: No store is named: set UPSTASH_REDIS_REST_URL/);
    });

    test("node server.mjs with HEADGATE_MODE=off needs no store, and allows every request", async () => {
      const app = await start({ HEADGATE_MODE: "off" });
      expect(app.output()).toMatch(/^store +none: HEADGATE_MODE=off needs no store/m);
      expect(await searches(times(12, 0).map(() => app.url))).toEqual(times(12, 200));
    });

    test("node server.mjs prints before it is ready that its store cannot be reached", async () => {
      const REDIS_URL = " redis://:hunter2@127.0.0.1:1\n";
      const app = await start({ REDIS_URL });
      expect(app.output()).toMatch(
        /^warning +the store at 127\.0\.0\.1:1 cannot be reached.*\n(.*\n)*ready/m,
      );
      expect(app.output()).not.toContain("hunter2");
    });

    test("the package contains no source, no secrets and no packages that were not traced", () => {
      const own = (pattern: string) =>
        globSync(pattern, { cwd: packed.folder, exclude: (name) => name === "node_modules" });
      expect(own("**/*.{ts,tsx}")).toEqual([]);
      expect(globSync("{,.headgate/}{.env*,auth-secret}", { cwd: packed.folder })).toEqual([]);
      expect(
        globSync("node_modules/{typescript,oxc-parser,rolldown,vitest}", { cwd: packed.folder }),
      ).toEqual([]);
    });
  });
}

async function isRefused(url: string): Promise<boolean> {
  try {
    await fetch(`${url}/api/health`, { headers: { connection: "close" } });
    return false;
  } catch {
    return true;
  }
}

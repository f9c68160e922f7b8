import { existsSync, globSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { secretsIn } from "#app/_programs/build-worker";
import { ROOT } from "../support/app.ts";
import { ASSETS_FOLDER, cloudflare, startWorker, UPLOADED_FOLDER } from "../support/cloudflare.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { expectNothingLeft, launch } from "../support/launched.ts";
import { scope } from "../support/scope.ts";
import { AUTH_SECRET, sign } from "../support/sign.ts";
import type { Instance } from "../support/target.ts";

const cleanUp = scope();
let store: TestStore;

beforeAll(async () => {
  await cloudflare.build();
  store = await startStore();
});
afterAll(() => store?.stop());

const start = async () =>
  cleanUp(
    await cloudflare.start(store, { AUTH_SECRET, HEADGATE_STORE_DEADLINE_MS: "10000" }),
    (it) => it.stop(),
  );

async function searches(app: Instance, count: number, address: string) {
  const sent = Array.from({ length: count }, async () => {
    const answer = await fetch(`${app.url}/api/search`, { headers: cloudflare.from(address) });
    await answer.text();
    return answer.status;
  });
  return Promise.all(sent);
}

const count = (list: readonly number[], value: number) => list.filter((it) => it === value).length;

test("a Worker whose settings ask for traces logs that it sends none, and serves requests", async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  const app = cleanUp(await cloudflare.start(store, env), (it) => it.stop());
  expect(await searches(app, 2, "203.0.113.64")).toEqual([200, 200]);
  expect(app.output().match(/No traces and metrics are sent/g)).toHaveLength(1);
});

describe("200 requests in flight at once", () => {
  test("a new Worker answers 200 requests in flight, and no request waits for another", async () => {
    const app = await start();
    const body = JSON.stringify({
      type: "profile_view",
      artistId: "artist-001",
      sessionId: "of-200-requests",
    });
    const authorization = `Bearer ${await sign({ sub: "of-200-requests" })}`;
    const type = { "content-type": "application/json" };
    const tracked = Array.from({ length: 100 }, async (_, i) => {
      const headers = { ...type, ...cloudflare.from(`198.51.100.${i}`) };
      const answer = await fetch(`${app.url}/api/analytics/track`, {
        method: "POST",
        headers,
        body,
      });
      return JSON.stringify(await answer.json());
    });
    const updated = Array.from({ length: 40 }, async (_, i) => {
      const headers = { ...type, authorization, ...cloudflare.from(`198.51.100.${i}`) };
      const session = JSON.stringify({ city: "Lisbon" });
      const path = "/api/onboarding/update-session";
      return (await fetch(app.url + path, { method: "POST", headers, body: session })).status;
    });
    const searched = await searches(app, 60, "203.0.113.60");
    expect([count(searched, 200), count(searched, 429)]).toEqual([10, 50]);
    const told = await Promise.all(tracked);
    expect(told.filter((it) => it === '{"tracked":true}')).toHaveLength(1);
    expect(told.filter((it) => it.includes("duplicate"))).toHaveLength(99);
    expect(count(await Promise.all(updated), 200)).toBe(40);
    const lines = app.output().split("\n").filter(Boolean);
    expect(lines.filter((line) => !line.includes('"source":"headgate"'))).toEqual([]);
    expect(app.output()).not.toContain('"store-failed"');
  });

  test("a client that disconnects first does not delay the requests of other clients", async () => {
    const app = await start();
    const leaving = Array.from({ length: 20 }, (_, i) => {
      const abort = new AbortController();
      const headers = cloudflare.from(`198.51.101.${i}`);
      const asked = fetch(`${app.url}/api/search`, { headers, signal: abort.signal });
      setTimeout(() => abort.abort(), i);
      return asked.then(
        (answer) => answer.status,
        () => 0,
      );
    });
    const searched = await searches(app, 30, "203.0.113.61");
    await Promise.all(leaving);
    expect([count(searched, 200), count(searched, 429)]).toEqual([10, 20]);
    expect(await searches(app, 1, "203.0.113.62")).toEqual([200]);
    expect(app.output()).not.toMatch(/hang|Cannot perform I\/O|[Uu]ncaught/);
  });
});

describe("npm run preview:cloudflare", () => {
  async function preview() {
    const args = ["app/_programs/preview-cloudflare.command.ts"];
    const env = { PORT: "0", HEADGATE_STORE: "redis" };
    const app = cleanUp(launch(process.execPath, args, env), (it) => it.remove());
    const [, url = ""] = await app.printed(/^ready +(http\S+)$/m);
    return { app, url, started: app.descendants() };
  }

  async function statuses(url: string, times: number): Promise<number[]> {
    const found: number[] = [];
    for (let i = 0; i < times; i += 1) found.push((await fetch(`${url}/api/search`)).status);
    return found;
  }

  test("npm run preview:cloudflare leaves no process and no temporary folder behind after SIGKILL", async () => {
    const { app, url, started } = await preview();
    expect(await statuses(url, 1)).toEqual([200]);
    // Redis, wrangler, workerd and the processes that watch them.
    expect(started.length).toBeGreaterThan(3);
    app.signal("SIGKILL");
    await app.ended;
    await expectNothingLeft(app, started);
  });

  test("npm run preview:cloudflare serves the Worker over its own store; after Ctrl-C it prints nothing more and leaves nothing behind", async () => {
    const { app, url, started } = await preview();
    expect(app.output()).toMatch(/^store +\S/m);
    const searched = await statuses(url, 11);
    expect([count(searched, 200), searched.at(-1)]).toEqual([10, 429]);
    // The last lines of the requests: wrangler's line, and the line of the denied request.
    await app.printed(/GET \/api\/search 429/);
    await app.printed(/"event":"denied".*\n\s*\n/);
    const before = app.output();
    app.signalGroup("SIGINT");
    expect(await app.ended).toBe(0);
    expect(app.output()).toBe(before);
    expect(app.temporary()).toEqual([]);
    await expectNothingLeft(app, started);
  });

  test("npm run preview:cloudflare exits with a reason when its port is in use", async () => {
    const taken = cleanUp(createServer(), (it) => it.close());
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const PORT = String(typeof address === "object" && address ? address.port : 0);
    const args = ["app/_programs/preview-cloudflare.command.ts"];
    const env = { PORT, HEADGATE_STORE: "redis" };
    const app = cleanUp(launch(process.execPath, args, env), (it) => it.remove());
    expect(await app.ended).toBe(1);
    expect(app.output()).toMatch(/^WORKER_FAILED: The Worker cannot be served:\n.*in use/m);
    expect(app.temporary()).toEqual([]);
  });
});

describe("a Worker without its variables", () => {
  test("a Worker without variables follows each rule's onStoreFailure, and logs once which variable is missing", async () => {
    const app = cleanUp(await startWorker({}), (it) => it.stop());
    for (let i = 0; i < 12; i += 1) {
      const answer = await fetch(`${app.url}/api/search`);
      expect(answer.status).toBe(200);
      expect(await answer.text()).not.toMatch(/UPSTASH|ENV_INVALID/);
    }
    await expect.poll(() => app.output()).toContain("UPSTASH_REDIS_REST_URL must be set");
    expect(app.output().match(/UPSTASH_REDIS_REST_URL must be set/g)).toHaveLength(1);
    expect(app.output()).not.toContain("store-failed");
  });
});

describe("the upload", () => {
  test("the upload contains no file of the local environment", () => {
    expect(secretsIn(ROOT)).toEqual([]);
    const assets = globSync("**/*", { cwd: join(ROOT, ASSETS_FOLDER) });
    expect(assets.filter((file) => /\.env|secret|\.map$/.test(file))).toEqual([]);
    expect(existsSync(join(ROOT, UPLOADED_FOLDER, "worker.js"))).toBe(true);
  });

  test("the uploaded Worker determines the client's address without a setting", () => {
    const worker = readFileSync(join(ROOT, UPLOADED_FOLDER, "worker.js"), "utf8");
    expect(worker).toContain("Cloudflare-Workers");
  });
});

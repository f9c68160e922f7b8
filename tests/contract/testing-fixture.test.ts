import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Redis } from "ioredis";
import { type APIRequestContext, request } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clearNamespace, headgateFixture, type HeadgateWorker } from "headgate/testing";
import { ROOT } from "../support/app.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { freePort } from "../support/redis.ts";

const SERVER = join(ROOT, "tests", "fixtures", "testing", "server.ts");

let store: TestStore;
let direct: Redis;
const servers: ChildProcess[] = [];

beforeAll(async () => {
  store = await startStore();
  direct = new Redis(store.redis.url);
});
afterAll(async () => {
  direct?.disconnect();
  for (const server of servers) server.kill();
  await store?.stop();
});

const fixtures = () =>
  headgateFixture({
    store,
    async serve(env) {
      const port = await freePort();
      const server = spawn(process.execPath, [SERVER], {
        env: { ...process.env, ...env, PORT: String(port) },
        stdio: "inherit",
      });
      servers.push(server);
      const ended = once(server, "exit");
      const stop = async () => {
        server.kill();
        await ended;
      };
      return { url: `http://127.0.0.1:${port}`, stop };
    },
  });

/** Runs the tests of one worker one after another, as Playwright does with these fixtures. */
async function work(
  parallelIndex: number,
  tests: readonly ((api: APIRequestContext, headgate: HeadgateWorker) => Promise<void>)[],
): Promise<void> {
  const { headgate: own, clientAddress, baseURL, extraHTTPHeaders } = fixtures();
  const inWorker = async (headgate: HeadgateWorker) => {
    for (const each of tests) {
      await clientAddress[0]({ headgate }, async (address) =>
        baseURL({ headgate }, async (url) =>
          extraHTTPHeaders({ clientAddress: address }, async (headers) => {
            const api = await request.newContext({ baseURL: url, extraHTTPHeaders: headers });
            await each(api, headgate);
            await api.dispose();
          }),
        ),
      );
    }
  };
  await own[0]({}, inWorker, { parallelIndex });
}

async function searches(api: APIRequestContext, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i += 1) statuses.push((await api.get("/api/search")).status());
  return statuses;
}

const useUp = async (api: APIRequestContext) => {
  expect((await searches(api, 31)).indexOf(429)).toBe(30);
};

test("each worker has a separate server and separate counts, and each test begins without counts", async () => {
  const cleared: number[] = [];
  const clears = async (api: APIRequestContext, { clear, namespace }: HeadgateWorker) => {
    expect(await direct.keys(`${namespace}:*`)).toEqual([]);
    await useUp(api);
    cleared.push(await clear());
  };
  await Promise.all([work(0, [useUp, clears]), work(1, [useUp, useUp])]);
  expect(cleared).toEqual([1]);
  expect(servers.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([
    "SIGTERM",
    "SIGTERM",
  ]);
});

test("clearing a namespace deletes all its keys, and no other's", async () => {
  const keys = Array.from({ length: 2500 }, (_, i) => [`own-1:k${i}`, "1"] as const);
  await direct.mset(...keys.flat(), "own-10:k", "1", "own-1", "1");
  expect(await clearNamespace(store, "own-1")).toBe(2500);
  expect(await direct.mget("own-10:k", "own-1", "own-1:k0")).toEqual(["1", "1", null]);
  for (const wrong of ["", "*", "a:b"]) {
    await expect(clearNamespace(store, wrong)).rejects.toMatchObject({ code: "ENV_INVALID" });
  }
});

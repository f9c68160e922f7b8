import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, startProgram } from "../support/app.ts";
import { callCommand } from "../support/call-command.ts";
import { startCluster } from "../support/cluster.ts";
import { launch } from "../support/launched.ts";
import { freePort, startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

// Those in front of nothing wait for a while, all at once.
const cleanUp = scope(afterAll);

async function startCli(env: Readonly<Record<string, string>>) {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const variables = { REDIS_URL: redis.url, GATEWAY_PORT: "0", ...env };
  return cleanUp(await startProgram(["lib/cli/gateway.ts"], variables), (it) => it.stop());
}

function ping(url: string, token: string): Promise<Response> {
  return fetch(`${url}/ping`, { headers: { authorization: `Bearer ${token}` } });
}

test("the gateway command prints the two lines to copy, serves, and ends on a signal", async () => {
  const cli = await startCli({});
  expect(cli.output()).toContain(`UPSTASH_REDIS_REST_URL=${cli.url}\n`);
  const token = /^UPSTASH_REDIS_REST_TOKEN=(\S{32,})$/m.exec(cli.output())?.[1] ?? "";
  expect(await (await ping(cli.url, token)).json()).toEqual({ result: "PONG" });
  expect(await cli.stop("SIGTERM")).toBe(0);
});

test("the gateway command serves after the program that read its log has ended", async () => {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const token = "a-token-of-the-tests";
  const env = { REDIS_URL: redis.url, GATEWAY_PORT: "0", GATEWAY_TOKEN: token };
  const cli = cleanUp(await startProgram(["lib/cli/gateway.ts"], env), (it) => it.stop());
  const statusOf = async () => (await ping(cli.url, token)).status;
  cli.closeOutput();
  // The gateway logs each change of its Redis.
  await redis.stop();
  await expect.poll(statusOf).toBe(503);
  cleanUp(await startRedis(redis.port), (it) => it.stop());
  await expect.poll(statusOf).toBe(200);
  expect(await cli.stop()).toBe(0);
});

test("a signal during the first line that the gateway command prints ends it with 0", async () => {
  const signalled = `
    const { write } = process.stdout;
    process.stdout.write = function (...args) {
      process.stdout.write = write;
      const isWritten = write.apply(this, args);
      process.kill(process.pid, "SIGTERM");
      return isWritten;
    };
  `;
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const preload = `data:text/javascript,${encodeURIComponent(signalled)}`;
  const args = ["--import", preload, "lib/cli/gateway.ts"];
  const env = { REDIS_URL: redis.url, GATEWAY_PORT: "0" };
  const cli = cleanUp(launch(process.execPath, args, env), (it) => it.remove());
  expect(await cli.ended).toBe(0);
  expect(cli.output()).toMatch(/^UPSTASH_REDIS_REST_URL=http/m);
});

test("a token from the environment is used and not printed", async () => {
  const token = "a-token-of-the-tests";
  const cli = await startCli({ GATEWAY_TOKEN: token });
  expect((await ping(cli.url, token)).status).toBe(200);
  expect(cli.output()).not.toContain(token);
  expect(await cli.stop("SIGINT")).toBe(0);
});

test("a token that is too short is rejected, and not repeated", async () => {
  const started = startCli({ GATEWAY_TOKEN: "fifteen-letters" });
  await expect(started).rejects.toThrow(/ended with 1:\nGATEWAY_INVALID: .*at least 16/);
  await expect(started).rejects.not.toThrow("fifteen-letters");
});

test.each([
  ["0", 400],
  ["1", 200],
])("with GATEWAY_ALLOW_SHARED=%s the command MOVE is answered with %i", async (allowed, status) => {
  const token = "a-token-of-the-tests";
  const cli = await startCli({ GATEWAY_TOKEN: token, GATEWAY_ALLOW_SHARED: allowed });
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${cli.url}/move/k/1`, { headers })).status).toBe(status);
});

test("GATEWAY_ALLOW_SHARED must be 0 or 1", async () => {
  const { status, stderr } = await callCommand(ROOT, { GATEWAY_ALLOW_SHARED: "yes" }, "gateway");
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/ENV_INVALID: .*GATEWAY_ALLOW_SHARED must be a whole number from 0 to 1/),
  ]);
});

const BEHIND = {
  "a Redis": async () => ({ REDIS_URL: cleanUp(await startRedis(), (it) => it.stop()).url }),
  "a Redis Cluster": async () => ({
    REDIS_URL: cleanUp(await startCluster(), (it) => it.stop()).url,
    HEADGATE_CLUSTER: "1",
  }),
  "an address that nothing listens on": async () => ({
    REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
  }),
} as const;

describe.concurrent.each(Object.entries(BEHIND))("the command in front of %s", (_, start) => {
  let variables: Readonly<Record<string, string>> = {};
  beforeAll(async () => {
    variables = await start();
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "the gateway command prints nothing more at %s",
    async (signal) => {
      const env = { GATEWAY_PORT: "0", ...variables };
      const args = ["lib/cli/gateway.ts"];
      const cli = cleanUp(launch(process.execPath, args, env), (it) => it.remove());
      await cli.printed(/^ready +http/m);
      const before = cli.output();
      cli.signalGroup(signal);
      expect(await cli.ended).toBe(0);
      expect(cli.output()).toBe(before);
    },
  );

  test("the gateway command prints only the reason when it cannot listen", async () => {
    const env = { GATEWAY_HOST: "192.0.2.1", GATEWAY_PORT: "0", ...variables };
    const args = ["lib/cli/gateway.ts"];
    const cli = cleanUp(launch(process.execPath, args, env), (it) => it.remove());
    expect(await cli.ended).toBe(1);
    const lines = cli.output().trim().split("\n");
    expect(lines.at(-1)).toMatch(/^GATEWAY_INVALID: The gateway cannot listen on 192\.0\.2\.1/);
    expect(cli.output()).not.toContain("lost");
  });
});

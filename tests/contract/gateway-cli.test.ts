import { expect, test } from "vitest";
import { startProgram } from "../support/app.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

async function startCli(env: Readonly<Record<string, string>>) {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const variables = { REDIS_URL: redis.url, GATEWAY_PORT: "0", ...env };
  return cleanUp(await startProgram(["lib/cli/gateway.ts"], variables), (it) => it.stop());
}

function ping(url: string, token: string): Promise<Response> {
  return fetch(`${url}/ping`, { headers: { authorization: `Bearer ${token}` } });
}

test("the command prints the two lines to copy, serves, and ends when told to", async () => {
  const cli = await startCli({});
  expect(cli.output()).toContain(`UPSTASH_REDIS_REST_URL=${cli.url}\n`);
  const token = /^UPSTASH_REDIS_REST_TOKEN=(\S{32,})$/m.exec(cli.output())?.[1] ?? "";
  expect(await (await ping(cli.url, token)).json()).toEqual({ result: "PONG" });
  expect(await cli.stop("SIGTERM")).toBe(0);
});

test("a token of the environment is used and not printed", async () => {
  const token = "a-token-of-the-tests";
  const cli = await startCli({ GATEWAY_TOKEN: token });
  expect((await ping(cli.url, token)).status).toBe(200);
  expect(cli.output()).not.toContain(token);
  expect(await cli.stop("SIGINT")).toBe(0);
});

test("a token that is too short is refused, and not repeated", async () => {
  const started = startCli({ GATEWAY_TOKEN: "fifteen-letters" });
  await expect(started).rejects.toThrow(/ended with 1:\nGATEWAY_INVALID: .*at least 16/);
  await expect(started).rejects.not.toThrow("fifteen-letters");
});

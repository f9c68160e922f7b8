import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { MARK, told } from "../support/bad-settings.ts";
import { DEV, ROOT, type RunningApp, START, startApp, startProgram } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { MACHINE } from "../support/machine.ts";
import { expectLimitsNothing } from "../support/mode-off.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

type Variables = Readonly<Record<string, string>>;

const cleanUp = scope();
const cleanUpAtEnd = scope(afterAll);
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");
const NEXT_START = [NEXT, "start", "-p", "0", "-H", "127.0.0.1"];

beforeAll(() => buildOnce(ROOT, () => {}));

async function storeVariables(): Promise<Variables> {
  const store = cleanUp(await startStore(), (it) => it.stop());
  return { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token };
}

/** Runs a program until it exits, and returns its code and output. */
async function endOf(args: readonly string[], env: Variables) {
  const child = cleanUp(
    spawn(process.execPath, [...args], {
      cwd: ROOT,
      env: { ...MACHINE, PORT: "0", NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...env },
    }),
    (it) => it.kill("SIGKILL"),
  );
  let output = "";
  const read = (chunk: Buffer) => (output += chunk.toString());
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

const GATEWAY = ["lib/cli/gateway.ts"];
const TOKEN = ["app/_programs/token.command.ts", "--sub", "ada"];
const ANALYTICS = ["app/_domain/analytics/totals.command.ts"];

const rest = (token: string, url = "http://127.0.0.1:1"): Variables => ({
  UPSTASH_REDIS_REST_URL: url,
  UPSTASH_REDIS_REST_TOKEN: token,
  CLIENT_IP_FROM: "hops:1",
});

describe("invalid settings", () => {
  // A program that reads several settings before it uses any reports all of them in one error.
  test.each<readonly [reported: readonly string[], args: readonly string[], env: Variables]>([
    [
      ["UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL"],
      START,
      rest(`"${MARK}"`, `https://u:${MARK}@store.example`),
    ],
    [["UPSTASH_REDIS_REST_TOKEN"], START, rest(`Bearer ${MARK}`)],
    [
      ["UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL"],
      NEXT_START,
      rest(`${MARK}é`, `https://store.example?_token=${MARK}`),
    ],
    [["UPSTASH_REDIS_REST_TOKEN"], ANALYTICS, rest(`"${MARK}"`)],
    [["REDIS_URL must be redis"], START, { REDIS_URL: `"redis://:${MARK}@127.0.0.1:1"` }],
    [["REDIS_URL"], DEV, { REDIS_URL: `redis://:${MARK}@127.0.0.1:1/notadb` }],
    [["REDIS_URL"], ANALYTICS, { REDIS_URL: `redis://:${MARK}@127.0.0.1:70000` }],
    [["GATEWAY_TOKEN"], GATEWAY, { GATEWAY_TOKEN: `"${MARK}"` }],
    [["HOST"], START, { HOST: `"${MARK}"` }],
    [["PORT must be a whole number"], START, { PORT: `"${MARK}"` }],
    [
      ["HEADGATE_SECRET must be at least 32 characters", "AUTH_SECRET", "INSTAGRAM_ACCESS_TOKEN"],
      START,
      {
        ...rest("token"),
        HEADGATE_SECRET: `'${MARK}'`,
        AUTH_SECRET: `"${MARK}"`,
        INSTAGRAM_ACCESS_TOKEN: `"${MARK}"`,
      },
    ],
    [["AUTH_SECRET"], TOKEN, { AUTH_SECRET: `"${MARK}"` }],
    [["DEMO_ACCOUNTS"], NEXT_START, { ...rest("token"), DEMO_ACCOUNTS: `"demo:${MARK}"` }],
  ])(
    "an invalid %j makes the program %j exit with the name of each setting and without its value",
    async (reported, args, env) => {
      const { code, output } = await endOf(args, env);
      expect([code === 0, told(output)]).toEqual([false, false]);
      expect(
        reported.filter((words) => new RegExp(`ENV_INVALID: .*\\b${words}\\b`).test(output)),
      ).toEqual(reported);
    },
  );

  test("a database that Redis does not have is reported in one line", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    for (const args of [START, GATEWAY]) {
      const { code, output } = await endOf(args, {
        REDIS_URL: `${redis.url}/99`,
        GATEWAY_PORT: "0",
      });
      expect(code).toBe(1);
      expect(output.match(/Redis refuses database 99/g)).toHaveLength(1);
      expect(output).not.toMatch(/unhandled|ReplyError|cannot be used/i);
    }
  });
});

describe("white space around a setting", () => {
  test("npm start ignores white space around the address and token of its store", async () => {
    const named = Object.entries(await storeVariables());
    const padded = Object.fromEntries(named.map(([name, value]) => [name, ` ${value}/\n`]));
    const token = ` ${named[1]?.[1] ?? ""}\r\n`;
    const env = { ...padded, UPSTASH_REDIS_REST_TOKEN: token, HEADGATE_MODE: " enforce " };
    const app = cleanUp(await startApp(env), (it) => it.stop());
    expect((await fetch(`${app.url}/api/search`)).headers.get("ratelimit")).toContain(
      '"search:ip:minute"',
    );
    expect(app.output()).not.toContain("warning");
  });

  test("npm start and the gateway ignore white space around REDIS_URL", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const REDIS_URL = ` ${redis.url}/3\n`;
    const app = cleanUp(await startApp({ REDIS_URL }), (it) => it.stop());
    expect((await fetch(`${app.url}/api/search`)).headers.get("ratelimit")).toContain(
      '"search:ip:minute"',
    );
    const secret = ` ${MARK}\n`;
    const cli = cleanUp(
      await startProgram(GATEWAY, { REDIS_URL, GATEWAY_PORT: " 0", GATEWAY_TOKEN: secret }),
      (it) => it.stop(),
    );
    const headers = { authorization: `Bearer ${MARK}` };
    const size = await fetch(`${cli.url}/dbsize`, { headers });
    expect(await size.json()).toEqual({ result: expect.any(Number) });
    expect(told(cli.output())).toBe(false);
  });
});

const health = async (url: string) => (await fetch(`${url}/api/health`)).json();

describe("a start with an unavailable store", () => {
  test("npm start warns before it is ready that Redis cannot be reached, and serves", async () => {
    const env = { REDIS_URL: `redis://:${MARK}@127.0.0.1:1`, HEADGATE_MODE: "shadow" };
    const app = cleanUp(await startApp(env), (it) => it.stop());
    expect(app.output()).toMatch(
      /^warning +the store at 127\.0\.0\.1:1 cannot be reached.*all requests are allowed uncounted/m,
    );
    expect(told(app.output())).toBe(false);
  });

  test("npm start waits for a silent store no longer than the deadline, and serves", async () => {
    const store = cleanUp(await startStore(), (it) => it.stop());
    store.redis.freeze();
    const env = {
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      HEADGATE_STORE_DEADLINE_MS: "300",
    };
    const app = cleanUp(await startApp(env), (it) => it.stop());
    expect(app.output()).toContain("did not answer in time (STORE_TIMEOUT)");
    const began = performance.now();
    expect(await health(app.url)).toMatchObject({ status: "ok", store: "unknown" });
    expect(performance.now() - began).toBeLessThan(5_000);
    await expect
      .poll(() => health(app.url))
      // The gateway closes its connection once Redis has been silent for too long.
      .toMatchObject({
        status: "ok",
        store: expect.stringMatching(/^STORE_(?:TIMEOUT|UNREACHABLE)$/) as string,
      });
    store.redis.thaw();
    await expect.poll(() => health(app.url)).toMatchObject({ store: "ok" });
  });

  test("next start warns of an unreachable store and of a misspelled variable while it serves", async () => {
    const env = { ...rest(MARK), HEADGATE_SECERT: `${MARK}${MARK}` };
    const app = cleanUp(await startProgram(NEXT_START, env), (it) => it.stop());
    await expect.poll(() => app.output()).toMatch(/the store at 127\.0\.0\.1:1 cannot be reached/);
    expect(app.output()).toContain("Did you mean HEADGATE_SECRET?");
    expect(told(app.output())).toBe(false);
  });
});

describe("a start with misspelled variables and with a token that the store rejects", () => {
  const slips = { HEADGATE_MOD: "shadow", Headgate_Mode: "off", HEADGATE_SECERT: MARK };
  let app: RunningApp;
  beforeAll(async () => {
    const store = cleanUpAtEnd(await startStore(), (it) => it.stop());
    const env = { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: `${MARK}1` };
    app = cleanUpAtEnd(await startApp({ ...env, ...slips }), (it) => it.stop());
  });

  test("npm start warns before it is ready that the store rejects the token, and serves", async () => {
    const lines = app.output().split("\n");
    const warning = lines.findIndex((line) =>
      /^warning +the store at 127\.0\.0\.1:\d+ rejects the token/.test(line),
    );
    expect(warning).toBeGreaterThanOrEqual(0);
    expect(warning).toBeLessThan(lines.findIndex((line) => line.startsWith("ready")));
    expect((await fetch(`${app.url}/api/search`)).status).toBe(200);
    await expect
      .poll(() => health(app.url))
      .toStrictEqual({
        status: "ok",
        mode: "enforce",
        store: "STORE_UNAUTHORIZED",
      });
    expect(told(app.output())).toBe(false);
  });

  test("npm start warns once of each misspelled variable before it is ready", () => {
    for (const name of Object.keys(slips)) {
      expect(app.output().split(`${name} is no variable of Headgate's`)).toHaveLength(2);
    }
    expect(app.output()).toContain("Did you mean HEADGATE_MODE?");
    expect(app.output()).toMatch(/HEADGATE_SECERT is no .*\n(?:.*\n)*ready/);
    expect(told(app.output())).toBe(false);
  });
});

describe("HEADGATE_MODE=off without a store", () => {
  test.each<readonly [string, readonly string[], Variables]>([
    ["npm start", START, { PORT: "0" }],
    ["next start", NEXT_START, {}],
  ])("%s with HEADGATE_MODE=off allows every request, and calls no store", async (_, args, env) => {
    const given = { HEADGATE_MODE: "off", ...env };
    await expectLimitsNothing(cleanUp(await startProgram(args, given), (it) => it.stop()));
  });
});

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { Redis as Direct } from "ioredis";
import { beforeAll, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { NAMESPACE, ROOT, startApp } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { MACHINE } from "../support/machine.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const run = promisify(execFile);

beforeAll(() => buildOnce(ROOT, () => {}));

const ENV = {
  ...MACHINE,
  NODE_ENV: "production",
  HEADGATE_STORE_DEADLINE_MS: "10000",
} as const;
const TODAY = new Date().toISOString().slice(0, 10);

/** The command as `npm run analytics` runs it. */
async function analytics(args: readonly string[], env: Record<string, string>) {
  const given = ["app/_domain/analytics/totals.command.ts", ...args];
  const options = { cwd: ROOT, env: { ...ENV, ...env } };
  return run(process.execPath, given, options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

async function trackingApp() {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const app = cleanUp(await startApp({ REDIS_URL: redis.url }), (it) => it.stop());
  let sessions = 0;
  const track = async (type: string, sessionId = `s-${(sessions += 1)}`) => {
    const answer = await fetch(`${app.url}/api/analytics/track`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ type, artistId: "artist-1", sessionId }),
    });
    return (await answer.json()) as unknown;
  };
  return { redis, track };
}

test("npm run analytics totals each event of the app once, and prints the totals", async () => {
  const { redis, track } = await trackingApp();
  const env = { REDIS_URL: redis.url };
  for (let i = 0; i < 3; i += 1) await track("profile_view");
  await track("click", "the-same");
  expect(await track("click", "the-same")).toEqual({ tracked: false, reason: "duplicate" });

  const first = await analytics([], env);
  expect(first).toMatchObject({ code: 0 });
  expect(first.stdout.split("\n").map((line) => line.replace(/ +/g, " "))).toEqual([
    "4 totalled, 0 set aside",
    `${TODAY} profile_view 3 ${"█".repeat(30)}`,
    `${TODAY} click 1 ${"█".repeat(10)}`,
    "",
  ]);
  expect((await analytics([], env)).stdout).toMatch(/^0 totalled, 0 set aside\n.*profile_view +3 /);
});

/** What the command has printed when it ends. */
const ENDED = /4 totalled, 0 set aside\n[\d-]+ +profile_view +4 +█+\n$/;

test("npm run analytics with --watch totals new events until it is stopped", async () => {
  const { redis, track } = await trackingApp();
  const child = cleanUp(
    spawn(process.execPath, ["app/_domain/analytics/totals.command.ts", "--watch", "--days", "1"], {
      cwd: ROOT,
      env: { ...ENV, REDIS_URL: redis.url },
      stdio: ["ignore", "pipe", "pipe"],
    }),
    (it) => it.kill("SIGKILL"),
  );
  let printed = "";
  const read = (chunk: Buffer) => void (printed += chunk.toString());
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  for (let i = 0; i < 3; i += 1) await track("profile_view");
  const direct = cleanUp(new Direct(redis.url), (it) => it.disconnect());
  const total = () => direct.hget(`${NAMESPACE}:app:{events}:totals:${TODAY}`, "profile_view");
  await expect.poll(total).toBe("3");
  await track("profile_view");
  await expect.poll(total).toBe("4");
  child.kill("SIGTERM");
  expect([await once(child, "exit"), printed]).toEqual([[0, null], expect.stringMatching(ENDED)]);
});

test("npm run analytics lists events that could not be read, also over REST", async () => {
  const store = cleanUp(await startStore(), (it) => it.stop());
  const direct = cleanUp(new Direct(store.redis.url), (it) => it.disconnect());
  const env = { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token };
  expect((await analytics(["--set-aside"], env)).stdout).toBe("nothing is set aside\n");
  await direct.xadd(`${NAMESPACE}:app:{events}:stream:all`, "*", "day", "someday", "type", "click");
  expect((await analytics([], env)).stdout).toMatch(
    /^0 totalled, 1 set aside\nno totals in the last 7 days \(UTC\)\n$/,
  );
  expect((await analytics(["--set-aside"], env)).stdout).toMatch(
    /^\d+-0 {2}\{"reason":"day: Invalid ISO date","id":"\d+-0","day":"someday","type":"click"\}\n$/,
  );
});

test("npm run analytics exits with 1 and a code when the store is unavailable", async () => {
  const env = { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1", UPSTASH_REDIS_REST_TOKEN: "a-token" };
  const { code, stderr } = await analytics([], env);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^STORE_UNREACHABLE: EVALSHA: /)]);
});

test.each([
  [["--batch", "0"], '--batch must be a whole number from 1 to 1000; it is "0".'],
  [["--days", "x"], '--days must be a whole number from 1 to 90; it is "x".'],
  [
    ["--abandoned", "soon"],
    '--abandoned must be a duration such as "1 minute", up to a day; it is "soon".',
  ],
  [["--unknown"], "Unknown option '--unknown'"],
])("npm run analytics rejects %j and prints the allowed values", async (args, message) => {
  const { code, stderr } = await analytics(args, {});
  expect([code, stderr]).toEqual([2, expect.stringContaining(`CLI_USAGE: ${message}`)]);
  expect(stderr).toContain("npm run analytics -- --watch");
});

test("npm run analytics prints what it does with --help", async () => {
  expect((await analytics(["--help"], {})).stdout).toContain("npm run analytics -- --set-aside");
});

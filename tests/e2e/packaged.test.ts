import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DRAIN_MS } from "#lib/server/app-server";
import { pack } from "#app/_programs/pack";
import { withDefaults } from "#lib/gateway/limits";
import { ROOT } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { expectNothingLeft, launch as launchAsTerminal } from "../support/launched.ts";
import { MACHINE } from "../support/machine.ts";
import { rawClient, statusesOf } from "../support/raw-client.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";
import { AUTH_SECRET, sign } from "../support/sign.ts";

const cleanUp = scope();

/** A folder outside the tree has no node_modules above it. */
let folder = "";

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "headgate-packed-")));
  await pack(ROOT, folder, () => {});
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

type Variables = Readonly<Record<string, string>>;

/** Starts a program of the package with the given variables, and with no others. */
function launch(
  env: Variables,
  program = "server.mjs",
  node = process.execPath,
  options: readonly string[] = [],
) {
  const child = spawn(node, [...options, join(folder, program)], {
    cwd: tmpdir(),
    env: {
      NODE_COMPILE_CACHE: MACHINE.NODE_COMPILE_CACHE,
      NODE_ENV: "production",
      HEADGATE_STORE_DEADLINE_MS: "10000",
      PORT: "0",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close").then(() => child.exitCode);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  cleanUp(child, async (it) => {
    it.kill("SIGKILL");
    await closed;
  });
  return {
    closed,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    output: () => output,
    stop: () => {
      child.kill("SIGTERM");
      return closed;
    },
  };
}

async function start(...args: Parameters<typeof launch>) {
  const launched = launch(...args);
  const address = () => /^ready +(http:\S+)$/m.exec(launched.output())?.[1];
  await expect.poll(() => launched.hasEnded() || address()).toBeTruthy();
  const url = address();
  if (url === undefined) throw new Error(`it ended:\n${launched.output()}`);
  return { ...launched, url };
}

async function storeVariables(): Promise<Variables> {
  const store = cleanUp(await startStore(), (it) => it.stop());
  return { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token };
}

const times = (n: number, status: number) => Array.from({ length: n }, () => status);

async function searches(urls: readonly string[], headers: Variables = {}): Promise<number[]> {
  const asked = urls.map((url) => fetch(`${url}/api/search`, { method: "POST", headers }));
  return (await Promise.all(asked)).map(({ status }) => status).toSorted((a, b) => a - b);
}

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
    expect(existsSync(join(folder, ".headgate", "auth-secret"))).toBe(false);
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
      globSync(pattern, { cwd: folder, exclude: (name) => name === "node_modules" });
    expect(own("**/*.{ts,tsx}")).toEqual([]);
    expect(globSync("{,.headgate/}{.env*,auth-secret}", { cwd: folder })).toEqual([]);
    expect(
      globSync("node_modules/{typescript,oxc-parser,rolldown,vitest}", { cwd: folder }),
    ).toEqual([]);
  });
});

async function isRefused(url: string): Promise<boolean> {
  try {
    await fetch(`${url}/api/health`, { headers: { connection: "close" } });
    return false;
  } catch {
    return true;
  }
}

test("node server.mjs works with node gateway.mjs of the same package", async () => {
  const redis = cleanUp(await startRedis(), (it) => it.stop());
  const token = "a-token-of-the-tests";
  const env = { REDIS_URL: redis.url, GATEWAY_PORT: "0", GATEWAY_TOKEN: token };
  const gateway = await start(env, "gateway.mjs");
  expect(gateway.output()).not.toContain(token);
  const app = await start({
    UPSTASH_REDIS_REST_URL: gateway.url,
    UPSTASH_REDIS_REST_TOKEN: token,
  });
  const expected = [...times(10, 200), ...times(10, 429)];
  expect(await searches(times(20, 0).map(() => app.url))).toEqual(expected);
  expect(await app.stop()).toBe(0);
  expect(await gateway.stop()).toBe(0);
});

describe("the packed server", () => {
  const launched = (env: Variables) =>
    cleanUp(
      launchAsTerminal(process.execPath, [join(folder, "server.mjs")], { PORT: "0", ...env }),
      (it) => it.remove(),
    );

  test("the packed server leaves no Redis and no temporary folder behind after SIGKILL", async () => {
    const app = launched({ HEADGATE_STORE: "redis" });
    await app.printed(/^ready +http/m);
    const started = app.descendants();
    expect(started.length).toBeGreaterThan(0);
    app.signal("SIGKILL");
    await app.ended;
    await expectNothingLeft(app, started);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "the packed server prints nothing about Redis after %s",
    async (signal) => {
      const redis = cleanUp(await startRedis(), (it) => it.stop());
      const app = launched({ REDIS_URL: redis.url });
      await app.printed(/^ready +http/m);
      const before = app.output();
      app.signalGroup(signal);
      expect(await app.ended).toBe(0);
      expect(app.output()).toBe(before);
    },
  );
});

describe("the Containerfile", () => {
  const read = (name: string) => readFileSync(join(ROOT, name), "utf8");
  const containerfile = read("Containerfile");
  const [, last = ""] = containerfile.split(/^FROM \$\{BASE\}$/m);
  const commands = [...last.matchAll(/^ *CMD (\[.*\])$/gm)].map(
    ([, command = ""]) => JSON.parse(command) as string[],
  );

  test("the Containerfile copies the packed files, and they include the file that it starts", () => {
    const copied = [...last.matchAll(/^COPY (.*)$/gm)].map(([, words]) => words);
    expect(copied).toEqual(["--from=packed /build/dist ./"]);
    expect(read("app/_programs/pack.command.ts")).toContain('join(root, "dist")');
    expect(commands.map(([program]) => program)).toEqual(["node", "node"]);
    expect(existsSync(join(folder, commands[1]?.[1] ?? ""))).toBe(true);
  });

  test("the Containerfile gets the files that a build reads, and no secrets", () => {
    const [ignoreAll, ...lines] = read(".containerignore")
      .split("\n")
      .filter((line) => line && !line.startsWith("#"));
    expect(ignoreAll).toBe("**");
    expect(lines.at(-1)).toBe("**/.env*");
    const given = lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
    const [, sources = ""] =
      /SOURCES\b[^=]*= \[(.*?)\]/s.exec(read("app/_programs/build.ts")) ?? [];
    const needed = [...sources.matchAll(/"(.*?)"/g)]
      .map(([, pattern = ""]) => pattern)
      .filter((pattern) => pattern !== ".env*")
      .flatMap((pattern) => /^\{(.*)\}/.exec(pattern)?.[1]?.split(",") ?? [pattern]);
    expect(needed.length).toBeGreaterThan(8);
    expect(given.toSorted()).toEqual([...needed, ".npmrc"].toSorted());
  });

  test("the health check of the Containerfile works", async () => {
    const app = await start({ HEADGATE_STORE: "embedded" });
    const [, ...args] = commands[0] ?? [];
    const check = async () => {
      const env = { NODE_ENV: "production" as const, PORT: new URL(app.url).port };
      const [code] = await once(spawn(process.execPath, args, { env, stdio: "ignore" }), "exit");
      return code;
    };
    expect(await check()).toBe(0);
    await app.stop();
    expect(await check()).toBe(1);
  });
});

describe("the units of systemd", () => {
  const unit = (name: string) => readFileSync(join(ROOT, "docs", "operate", name), "utf8");
  const seconds = (text: string, key: string) =>
    Number(new RegExp(`^${key}=(\\d+)$`, "m").exec(text)?.[1]);

  /** Starts the program of a unit, with the unit's environment and a file of secrets. */
  async function startUnit(text: string, variables: Variables, own: Variables) {
    const credentials = cleanUp(mkdtempSync(join(tmpdir(), "headgate-credentials-")), (it) =>
      rmSync(it, { recursive: true }),
    );
    const [, command = "", file = "", program] =
      /^ExecStart=(\S+) --env-file=%d\/(\S+) (\S+)$/m.exec(text) ?? [];
    expect(command).toBe("/usr/bin/node");
    expect(text).toContain(`LoadCredential=${file}:/etc/headgate/${file}`);
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(credentials, file), lines.join(""));
    const [, words = ""] = /^Environment=(.*)$/m.exec(text) ?? [];
    const fixed = Object.fromEntries(words.split(" ").map((word) => word.split("=", 2)));
    return start({ ...fixed, ...own }, program, process.execPath, [
      `--env-file=${join(credentials, file)}`,
    ]);
  }

  test("the systemd units start files of the package, with secrets from a file", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const token = "a-token-of-the-tests";
    const gateway = await startUnit(
      unit("headgate-gateway.service"),
      { REDIS_URL: redis.url, GATEWAY_TOKEN: token },
      { GATEWAY_PORT: "0" },
    );
    const app = await startUnit(
      unit("headgate@.service"),
      { UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: token, AUTH_SECRET },
      { PORT: "0" },
    );
    expect(app.output()).toContain("users    signed in by AUTH_SECRET");
    expect(app.output()).toContain("clients  counted by address, as CLIENT_IP_FROM=hops:1 says");
    const expected = [...times(10, 200), ...times(10, 429)];
    const from = { "x-forwarded-for": "203.0.113.9" };
    expect(
      await searches(
        times(20, 0).map(() => app.url),
        from,
      ),
    ).toEqual(expected);
  });

  test("the systemd units wait longer than a drain may take", () => {
    expect(seconds(unit("headgate@.service"), "TimeoutStopSec") * 1000).toBeGreaterThan(DRAIN_MS);
    expect(seconds(unit("headgate-gateway.service"), "TimeoutStopSec") * 1000).toBeGreaterThan(
      withDefaults().drainMs,
    );
  });
});

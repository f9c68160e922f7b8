import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { hashPassword } from "#app/_domain/auth/passwords";
import { buildOnce } from "#app/_programs/build";
import { type InstagramStandIn, startInstagramStandIn } from "#app/_programs/instagram-stand-in";
import { NAMESPACE, ROOT, type RunningApp, startApp } from "../support/app.ts";
import { openLive } from "../support/dashboard.ts";
import { finderOf, type Finder, spellings } from "../support/identifiers.ts";
import {
  builtRoutes,
  loadAll,
  type LoadAnswers,
  type LoadClient,
  METRICS_TOKEN,
  takes,
} from "../support/load.ts";
import { type SeenCommand, type Watch, watchRedis } from "../support/monitor.ts";
import { speak } from "../support/raw-client.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { AUTH_SECRET, sign } from "../support/sign.ts";

const INSTAGRAM_TOKEN = "IGQVJ-the-first-long-lived-token-of-all";
/** The beginning of the stand-in's later tokens. */
const NEXT_TOKENS = "stand-in-token-";
const ACCOUNT = "grace.hopper@example.org";
const PASSWORD = "a password of the tests";

/** Ids that try to break out of a key, a pattern, a line or a script. */
const HOSTILE = [
  "mallory-7f3a:rate_limit:{x}*",
  "mallory-8b4c\r\nDEL local:lock:*\r\n",
  "mallory-9d5e\0]]..redis.call('FLUSHALL')--",
  'mallory-ae6f"}{\\" é\u0301 🚪',
  "mallory-bf70\ud800",
  `mallory-c081${"x".repeat(240)}`,
];

const PLAIN = {
  artist: "artist-of-the-load-51c7",
  account: ACCOUNT,
  password: PASSWORD,
  query: "hedwig eva maria kiesler",
};

const CLIENTS: readonly LoadClient[] = [
  { ...PLAIN, address: "203.0.113.177", user: "ada-lovelace", session: "session-ada-4410" },
  {
    ...PLAIN,
    address: "::ffff:198.51.100.123",
    user: "user_29f8a1",
    by: "cookie",
    session: "session-bob-4411",
  },
  {
    ...PLAIN,
    address: "2001:db8:77:1b:abcd:ef01:2345:6789",
    user: "9b2f1c3e-1a2b-4c3d-8e9f-001122334455",
    role: "admin",
    session: "session-eve-4412",
  },
  { ...PLAIN, address: "192.0.2.155", session: "session-nobody-4413", password: "wrong" },
  {
    ...PLAIN,
    address: "[2001:db8:78::5]:4711",
    invented: "hg_live_5d41402abc4b2a76b9719d911017c592",
    session: "session-key-4414",
    account: "Katherine.Johnson@Example.org",
  },
  { ...PLAIN, address: "mallory-d192:{*}", session: "session-none-4415" },
  ...HOSTILE.map((user, i) => ({
    ...PLAIN,
    address: `192.0.2.${200 + i}`,
    user,
    session: `session-mallory-${4420 + i}`,
    account: `${user.slice(0, 12)}@example.org`,
  })),
];

const MULTIPART = { "content-type": "multipart/form-data; boundary=b" };
const UNKNOWN_ACTION = `feed${"c0ffee".repeat(6)}ed`;

function form(name: string, value: string): string {
  return `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--b--\r\n`;
}

/** The id of the app's only Server Action. */
function loginAction(): string {
  const file = join(ROOT, ".next", "server", "server-reference-manifest.json");
  const { node } = JSON.parse(readFileSync(file, "utf8")) as { readonly node: object };
  return Object.keys(node)[0] ?? "";
}

let redis: TestRedis;
let direct: Direct;
let standIn: InstagramStandIn;
let app: RunningApp;
let watch: Watch;
let answers: LoadAnswers;
/** Finds the name or address of a client, in any spelling. */
let find: Finder;
/** Finds secrets of the app. */
let findOther: Finder;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  redis = await startRedis();
  direct = new Direct(redis.url);
  standIn = await startInstagramStandIn({ token: INSTAGRAM_TOKEN });
  app = await startApp({
    REDIS_URL: redis.url,
    AUTH_SECRET,
    CLIENT_IP_FROM: "hops:1",
    DEMO_ACCOUNTS: `${ACCOUNT}:${await hashPassword(PASSWORD, 1000)}`,
    INSTAGRAM_STAND_IN: standIn.url,
    INSTAGRAM_ACCESS_TOKEN: INSTAGRAM_TOKEN,
    METRICS_TOKEN,
    SAMPLE_SIGN_IN: "1",
  });
  watch = await watchRedis(redis.url);
  answers = await loadAll(app.url, CLIENTS);
  await lookAtDashboard();
  // Work after a response holds a lock until it ends.
  await vi.waitFor(noLocks, 20_000);
  await watch.settle();
  find = finderOf([...CLIENTS.flatMap(namesOf), ...answers.tokens]);
  findOther = finderOf([INSTAGRAM_TOKEN, NEXT_TOKENS, AUTH_SECRET, PASSWORD, METRICS_TOKEN]);
});
afterAll(async () => {
  await app?.stop();
  watch?.stop();
  await standIn?.stop();
  direct?.disconnect();
  await redis?.stop();
});

/** Opens the dashboard's stream until the dashboard has read all its data. */
async function lookAtDashboard(): Promise<void> {
  const cookie = `session=${await sign({ sub: "operator", role: "admin" })}`;
  const stream = await openLive((init) =>
    fetch(`${app.url}/dashboard/live.sse`, { ...init, headers: { cookie } }),
  );
  await stream.snapshot(({ store }) => store.callsPerSecond !== undefined);
  stream.close();
}

async function noLocks(): Promise<void> {
  const held = await direct.keys(`${NAMESPACE}:lock:*`);
  if (held.length > 0) throw new Error(`${held.length} locks are held.`);
}

function namesOf({ address, user, session, artist, account, invented }: LoadClient): string[] {
  const bare = address.replace(/^\[(.*)\]:\d+$/, "$1");
  const names = [bare, session, artist, account, account.toLowerCase()];
  // Only the first part of a hostile id is unique. Other texts may contain the rest.
  const own = user?.startsWith("mallory-") ? [user, user.slice(0, 12)] : [user];
  return [...names, ...own, invented].filter((name) => name !== undefined);
}

const lineOf = ({ name, args }: SeenCommand) =>
  Buffer.concat([name, ...args].flatMap((part) => [Buffer.from(part), Buffer.from(" ")]));

describe("after a load of all clients over all routes", () => {
  test("every route got a request that it accepts", () => {
    const { statuses } = answers;
    expect([...statuses.keys()].toSorted()).toEqual(builtRoutes().toSorted());
    expect(builtRoutes()).toContain("/api/search");
    const untaken = [...statuses].filter(([path, heard]) => !heard.some((it) => takes(path, it)));
    expect(untaken).toEqual([]);
    expect(statuses.get("/api/onboarding/finalize")).toContain(201);
    expect(statuses.get("/api/dashboard/profile/delete")).toContain(429);
    const failed = [...statuses].filter(([, heard]) => heard.some((it) => it >= 500));
    expect(failed).toEqual([]);
  });

  test("the load used limits, dedup and locks", () => {
    const asked = (prefix: string) =>
      watch.seen.filter(({ args }) => args.some((arg) => arg.toString().startsWith(prefix)));
    const names = (prefix: string) => new Set(asked(prefix).map(({ name }) => name));
    expect(names(`${NAMESPACE}:rate_limit:`)).toContain("evalsha");
    expect(names(`${NAMESPACE}:analytics:`)).toContain("set");
    expect(names(`${NAMESPACE}:lock:`)).toContain("evalsha");
    expect(asked(`${NAMESPACE}:rate_limit:`).length).toBeGreaterThan(CLIENTS.length * 10);
  });

  test("no command that Redis received names a client", () => {
    const telling = watch.seen.map((seen) => ({ found: find(lineOf(seen)), seen }));
    expect(telling.filter(({ found }) => found !== undefined)).toEqual([]);
  });

  test("no command that Redis received holds a secret or a search text", () => {
    const telling = watch.seen.filter((seen) => {
      const line = lineOf(seen);
      return findOther(line) !== undefined || line.includes("kiesler");
    });
    expect(telling).toEqual([]);
  });

  test("every key has its form and an end", async () => {
    const keys = await everyKey();
    expect(keys.length).toBeGreaterThan(CLIENTS.length * 5);
    expect(keys.filter((key) => !FORM.test(key.replaceAll(`${NAMESPACE}:`, "local:")))).toEqual([]);
    const ttls = await Promise.all(keys.map((key) => direct.pttl(key)));
    // A TTL of -2 means that the key has ended meanwhile.
    const endless = keys.filter((_, i) => !isEnding(ttls[i] ?? -1));
    expect(endless).toEqual([]);
  });

  test("no key and no value names a client, or holds a secret in plain text", async () => {
    const keys = await everyKey();
    const kept = await Promise.all(keys.map(async (key) => `${key} ${await valueOf(key)}`));
    expect(kept.join("\n")).toContain(`${NAMESPACE}:app:instagram-token:`);
    const telling = kept.filter((text) => find(text) ?? findOther(text));
    expect(telling).toEqual([]);
  });

  test("the log names no client, and holds no secret", () => {
    expect(app.output()).toContain("ready");
    expect(find(app.output())).toBeUndefined();
    expect(findOther(app.output())).toBeUndefined();
  });

  test.each([
    ["another Origin", { ...MULTIPART, origin: "https://mallory.example" }, "", 500],
    ["an Origin that is no URL", { ...MULTIPART, origin: "mallory" }, "", 400],
    [
      "another host",
      { ...MULTIPART, origin: "https://x.example", "x-forwarded-host": "mallory" },
      "",
      500,
    ],
    ["a malformed action id", { "next-action": "mallory" }, "[]", 400],
    ["the id of no action", { "next-action": UNKNOWN_ACTION }, "[]", 409],
    ["the id of no action in a form", MULTIPART, form(`$ACTION_ID_${UNKNOWN_ACTION}`, ""), 409],
    ["a body that is not JSON", { "next-action": "LOGIN" }, "mallory", 500],
    [
      "a form that is not JSON",
      { "next-action": "LOGIN", ...MULTIPART },
      form("0", "mallory"),
      500,
    ],
    ["a BigInt that is no number", { "next-action": "LOGIN" }, '["$nmallory"]', 500],
    [
      "a malformed map entry",
      { "next-action": "LOGIN", ...MULTIPART },
      form("1", '["mallory"]').replace("--b--\r\n", form("0", '["$Q1"]')),
      500,
    ],
  ])("the log does not contain %s that a client sends", async (what, headers, body, status) => {
    const from = app.output().length;
    const sent = { "x-forwarded-for": `198.51.100.${what.length}`, ...headers };
    const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}`);
    const { hostname, port, host } = new URL(app.url);
    const head = [
      "POST /login HTTP/1.1",
      `Host: ${host}`,
      "Connection: close",
      `Content-Length: ${body.length}`,
      ...lines,
    ];
    const bytes = `${head.join("\r\n")}\r\n\r\n${body}`.replace("LOGIN", loginAction());
    const answer = await speak(Number(port), bytes, hostname);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    // Next logs each of these requests that reaches it.
    const logged = status === 400 ? /^/ : /Server Action/;
    await expect.poll(() => app.output().slice(from)).toMatch(logged);
    expect(app.output().slice(from)).not.toMatch(/mallory|c0ffee/);
  });
});

describe("the search for identifiers", () => {
  const user = "ada-lovelace";
  const [v4 = "", , v6 = ""] = CLIENTS.map(({ address }) => address);

  test.each([
    ["a user", user],
    ["in capitals", user.toUpperCase()],
    ["in base64", Buffer.from(`{"sub":"${user}"}`).toString("base64")],
    ["in base64, one further", Buffer.from(`{"user":"${user}"}`).toString("base64url")],
    ["in hex", Buffer.from(user).toString("hex").toUpperCase()],
    ["within a user's plain hash", spellings(user).at(-1) ?? ""],
    ["an address", `for=${v4}`],
    ["an address as a number", "3405803953"],
    ["an address in IPv6", "::ffff:cb00:71b1"],
    ["a network", "2001:db8:77:1b::/64"],
    ["a network in full", "2001:0DB8:0077:001B"],
    ["an address in full", v6],
    ["control characters", HOSTILE[1] ?? ""],
    ["control characters of JSON", JSON.stringify(HOSTILE[2])],
    ["another composition", (HOSTILE[3] ?? "").normalize("NFC")],
  ])("the search for identifiers finds %s in a command", async (_, planted) => {
    const before = watch.seen.length;
    await direct.set(`${NAMESPACE}:lock:planted`, `held by ${planted}.`, "PX", 60_000);
    await watch.settle();
    const found = watch.seen.slice(before).map((seen) => find(lineOf(seen)));
    expect(found.some((name) => name !== undefined)).toBe(true);
    await direct.del(`${NAMESPACE}:lock:planted`);
  });

  test("the search for identifiers finds a secret, and finds nothing in a client key", () => {
    expect(findOther(`x${INSTAGRAM_TOKEN}x`)).toBe(INSTAGRAM_TOKEN);
    expect(
      find(`${NAMESPACE}:rate_limit:{0Vb6c1H2qk3mT4w5x6y7zA}:search:ip:60000:2`),
    ).toBeUndefined();
  });
});

/** The form of the sample's keys in the namespace "local". No part of it comes from a client. */
const FORM =
  /^local:(?:rate_limit:\{[\w-]{22}\}:[a-z-]+:[a-z|+]+:\d+:2|(?:lock|analytics|analytics:\{events\}):[\w-]{22}|fence:\{local:lock:[\w-]{22}\}|flight:\{local:lock:[\w-]{22}\}|app:[a-z-]+:[\w-]{22}|app:\{events\}:(?:counts:\d{4}-\d\d-\d\d:[\w-]{22}|stream:all)|cache:search:[0-9a-f]{64}|\{counters\}:(?:totals|(?:minutes|denied):\d{13}|writer:[0-9a-f-]{36}))$/;

/** The longest TTL of a key: 90 days, in milliseconds. */
const LONGEST_MS = 90 * 24 * 3600 * 1000;

function isEnding(ttl: number): boolean {
  return ttl === -2 || (ttl > 0 && ttl <= LONGEST_MS);
}

async function everyKey(): Promise<string[]> {
  const keys = new Set<string>();
  for await (const found of direct.scanStream({ count: 1000 })) {
    for (const key of found as string[]) keys.add(key);
  }
  return [...keys];
}

async function valueOf(key: string): Promise<string> {
  const type = await direct.type(key);
  switch (type) {
    case "string":
      return (await direct.get(key)) ?? "";
    case "hash":
      return JSON.stringify(await direct.hgetall(key));
    case "zset":
      return (await direct.zrange(key, "0", "-1", "WITHSCORES")).join(" ");
    case "stream":
      return JSON.stringify(await direct.xrange(key, "-", "+"));
    case "none":
      return "";
    default:
      throw new Error(`Headgate writes no ${type}: ${key}`);
  }
}

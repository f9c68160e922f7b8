import { createServer } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT, START } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { expectNothingLeft, launch, type Launched } from "../support/launched.ts";
import { rawClient } from "../support/raw-client.ts";
import { freePort, startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

beforeAll(() => buildOnce(ROOT, () => {}));

type Variables = Readonly<Record<string, string>>;

/** The ways to configure a store, and the lines that each may print besides those of every start. */
const STORES = {
  "its own redis-server": { env: async () => ({ HEADGATE_STORE: "redis" }), prints: [] },
  "the embedded store": { env: async () => ({ HEADGATE_STORE: "embedded" }), prints: [] },
  "a Redis by REDIS_URL": {
    env: async () => ({ REDIS_URL: cleanUp(await startRedis(), (it) => it.stop()).url }),
    prints: ["Redis answers"],
  },
  "a REDIS_URL that nothing listens on": {
    env: async () => ({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` }),
    prints: [
      "Redis cannot be used (ECONNREFUSED); trying again",
      /^warning {2}the store at 127\.0\.0\.1:\d+ cannot be reached/,
    ],
  },
  "an Upstash REST store": {
    env: async () => {
      const store = cleanUp(await startStore(), (it) => it.stop());
      return { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token };
    },
    prints: [],
  },
} as const satisfies Record<
  string,
  { env: () => Promise<Variables>; prints: readonly (string | RegExp)[] }
>;

type StoreName = keyof typeof STORES;

async function start(store: StoreName, more: Variables = {}, args: readonly string[] = START) {
  const env = { PORT: "0", ...(await STORES[store].env()), ...more };
  return cleanUp(launch(process.execPath, args, env), (it) => it.remove());
}

/** The lines that are neither part of every start nor expected of this start. */
function surprises(app: Launched, expected: readonly (string | RegExp)[]): string[] {
  const everyStart =
    /^(?:store|clients|users|posts|policy|ready) {2,}\S|^warning {2}REDIS_URL holds no/;
  return app
    .output()
    .split("\n")
    .filter((line) => line !== "" && !everyStart.test(line))
    .filter(
      (line) => !expected.some((one) => line === one || (one instanceof RegExp && one.test(line))),
    );
}

const STOPS: Readonly<Record<string, (app: Launched) => void>> = {
  "Ctrl-C, which signals the whole group": (app) => app.signalGroup("SIGINT"),
  "SIGTERM to the process alone": (app) => app.signal("SIGTERM"),
};

describe.each(Object.keys(STORES) as StoreName[])("npm start over %s", (store) => {
  test.each(Object.entries(STOPS))(
    "npm start prints nothing more after %s, and leaves nothing behind",
    async (_, stop) => {
      const app = await start(store);
      await app.printed(/^ready +http/m);
      const started = app.descendants();
      const before = app.output();
      stop(app);
      expect(await app.ended).toBe(0);
      expect(app.output()).toBe(before);
      expect(surprises(app, STORES[store].prints)).toEqual([]);
      await expectNothingLeft(app, started);
    },
  );

  test("npm start with a port in use prints only the reason, and leaves nothing behind", async () => {
    const taken = cleanUp(createServer(), (it) => it.close());
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const app = await start(store, { PORT: String(port) });
    expect(await app.ended).toBe(1);
    const reason = `ENV_INVALID: Cannot listen on 127.0.0.1, port ${port}: it is in use. Choose another: set PORT=4000, or run headgate start --port 4000.`;
    // The error comes before a store is started or the app is built.
    expect(app.output()).toBe(`${reason}\n`);
    expect(app.temporary()).toEqual([]);
  });
});

describe("npm start", () => {
  test("npm start prints one line when a store that did not answer at the start can be used", async () => {
    const port = await freePort();
    const REDIS_URL = `redis://127.0.0.1:${port}`;
    const args = [process.execPath, START, { PORT: "0", REDIS_URL }] as const;
    const app = cleanUp(launch(...args), (it) => it.remove());
    await app.printed(/^ready +http/m);
    const line = `store    the store at 127.0.0.1:${port} can be used now, and requests are counted`;
    expect(app.output()).not.toContain(line);
    cleanUp(await startRedis(port), (it) => it.stop());
    await app.printed(/can be used now/);
    app.signal("SIGTERM");
    expect(await app.ended).toBe(0);
    const lines = app.output().split("\n");
    expect(lines.filter((each) => each === line)).toHaveLength(1);
  });

  test("npm start exits at once on a second SIGTERM, and leaves nothing behind", async () => {
    const app = await start("its own redis-server");
    const [, port] = await app.printed(/^ready +http:\S+:(\d+)$/m);
    const started = app.descendants();
    const before = app.output();
    // A request whose body has not ended holds the drain.
    const { socket } = cleanUp(rawClient(Number(port)), (it) => it.socket.destroy());
    const answered = new Promise((resolve) => socket.once("data", resolve));
    socket.write(
      "POST /api/search HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    );
    await answered;
    app.signal("SIGTERM");
    await expect.poll(() => isListening(Number(port))).toBe(false);
    app.signal("SIGTERM");
    expect(await app.ended).toBe(1);
    expect(app.output()).toBe(before);
    expect(app.temporary()).toEqual([]);
    await expectNothingLeft(app, started);
  });

  test("npm start that is stopped while it starts exits, and leaves nothing behind", async () => {
    const app = await start("its own redis-server");
    await expect.poll(() => app.temporary(), { interval: 5 }).not.toEqual([]);
    const started = app.descendants();
    app.signalGroup("SIGINT");
    expect(await app.ended).toBe(1);
    expect(surprises(app, [])).toEqual([]);
    expect(app.temporary()).toEqual([]);
    await expectNothingLeft(app, started);
  });

  test.each([
    [
      { INSTAGRAM_STAND_IN: "http://127.0.0.1:1" },
      /^ENV_INVALID: INSTAGRAM_ACCESS_TOKEN must be set/,
    ],
    [{ CLIENT_IP_FROM: "xff" }, /^CLIENT_ADDRESS_UNKNOWN: CLIENT_IP_FROM must be socket, hops:n/],
  ])("npm start leaves no store behind when %j stops the start", async (env: Variables, reason) => {
    const app = await start("its own redis-server", env);
    expect(await app.ended).toBe(1);
    expect(app.temporary()).toEqual([]);
    expect(app.output()).toMatch(reason);
    expect(surprises(app, [reason])).toEqual([]);
  });

  test("npm start leaves no Redis and no temporary folder behind after SIGKILL", async () => {
    const app = await start("its own redis-server");
    await app.printed(/^ready +http/m);
    const started = app.descendants();
    expect(started.length).toBeGreaterThan(0);
    expect(app.temporary()).toHaveLength(1);
    app.signal("SIGKILL");
    await app.ended;
    await expectNothingLeft(app, started);
  });

  test("npm start by npm itself prints nothing about Redis after Ctrl-C", async () => {
    const env = { PORT: "0", ...(await STORES["a Redis by REDIS_URL"].env()) };
    const app = cleanUp(launch("npm", ["start"], env), (it) => it.remove());
    await app.printed(/^ready +http/m);
    const started = app.descendants();
    app.signalGroup("SIGINT");
    expect(await app.ended).toBe(0);
    expect(surprises(app, ["Redis answers", /^> /, /^npm /])).toEqual([]);
    await expectNothingLeft(app, started);
  });

  // npm forwards SIGTERM and waits. After a SIGKILL npm has no status, and the server notices that npm ended.
  test.each([
    ["SIGTERM", 0],
    ["SIGKILL", null],
  ] as const)(
    "npm start by npm itself frees its port when only npm gets %s, which exits with %s",
    async (signal, status) => {
      const env = { PORT: "0", HEADGATE_STORE: "embedded" };
      const app = cleanUp(launch("npm", ["start"], env), (it) => it.remove());
      const [, port] = await app.printed(/^ready +http:\S+:(\d+)$/m);
      const started = app.descendants();
      app.signal(signal);
      expect(await app.ended).toBe(status);
      expect(await isListening(Number(port))).toBe(false);
      expect(surprises(app, [/^> /])).toEqual([]);
      await expectNothingLeft(app, started);
    },
  );
});

async function isListening(port: number): Promise<boolean> {
  const { socket } = rawClient(port);
  const is = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  });
  socket.destroy();
  return is;
}

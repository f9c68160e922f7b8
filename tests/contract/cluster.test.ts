import { Ratelimit } from "@upstash/ratelimit";
import { Redis as UpstashRedis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startGateway } from "#lib/gateway/server";
import { defineScript } from "#lib/redis/script";
import { startProgram } from "../support/app.ts";
import { startClusterStore, type TestClusterStore } from "../support/cluster.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
let store: TestClusterStore;
/** Keys on three masters. */
let a: string, b: string, c: string;

beforeAll(async () => {
  store = await startClusterStore();
  [a, b, c] = store.cluster.keysApart("k");
});
beforeEach(async () => {
  await store.cluster.onMasters("FLUSHALL");
  await store.cluster.onMasters("SCRIPT", "FLUSH");
});
afterAll(() => store?.stop());

interface Address {
  readonly url: string;
  readonly token: string;
}

async function ask(path: string, body: unknown, { url, token }: Address = store) {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

const ok = (body: unknown) => ({ status: 200, body });
const rejected = (error: string) => ({ status: 400, body: { error } });
const AWAY = { status: 503, body: { error: "ERR Redis cannot be reached." } };
const CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot";
const COUNT = "return redis.call('INCR', KEYS[1])";
const COUNT_BOTH = "return {redis.call('INCR', KEYS[1]), redis.call('INCR', KEYS[2])}";

/** Returns a key of another slot on the same master. */
async function neighbourOf(key: string): Promise<string> {
  const { id } = await store.cluster.masterOf(key);
  for (let n = 0; ; n += 1) {
    if ((await store.cluster.masterOf(`neighbour-${n}`)).id === id) return `neighbour-${n}`;
  }
}

describe("a command", () => {
  test("a command reaches the master of its key", async () => {
    for (const key of [a, b, c]) {
      expect(await ask("/", ["set", key, "v"])).toEqual(ok({ result: "OK" }));
      expect(await (await store.cluster.masterOf(key)).direct.get(key)).toBe("v");
      expect(await ask("/", ["GET", key])).toEqual(ok({ result: "v" }));
    }
  });

  test("a command with keys of several slots is rejected, also when one master serves them", async () => {
    expect(await ask("/", ["MGET", a, b])).toEqual(rejected(CROSSSLOT));
    expect(await ask("/", ["MSET", a, 1, await neighbourOf(a), 1])).toEqual(rejected(CROSSSLOT));
    expect(await ask("/", ["EVAL", COUNT_BOTH, 2, a, c])).toEqual(rejected(CROSSSLOT));
    expect(await ask("/", ["MGET", a, c.replace(/\{.*/, a)])).toEqual(ok({ result: [null, null] }));
    expect(await ask("/", ["DBSIZE"])).toEqual(ok({ result: 0 }));
  });

  test("a command that no node can run gets the error of a node", async () => {
    const tooFew = (name: string) =>
      rejected(`ERR wrong number of arguments for '${name}' command`);
    expect(await ask("/", ["GET"])).toEqual(tooFew("get"));
    expect(await ask("/", ["EVAL", COUNT])).toEqual(tooFew("eval"));
    expect(await ask("/", ["EVAL", COUNT, "Infinity", a])).toEqual(
      rejected("ERR value is not an integer or out of range"),
    );
    expect(await ask("/", ["EVAL", COUNT, 1_000_000_000, a])).toEqual(
      rejected("ERR Number of keys can't be greater than number of args"),
    );
    expect((await ask("/", ["NO.SUCH", a])).body).toMatchObject({
      error: expect.stringContaining("unknown command 'NO.SUCH'") as string,
    });
  });

  test("a command without a key is answered by one master, or by all", async () => {
    expect(await ask("/", ["PING"])).toEqual(ok({ result: "PONG" }));
    await ask(
      "/pipeline",
      [a, b, c].map((key) => ["SET", key, "v"]),
    );
    expect(await ask("/", ["DBSIZE"])).toEqual(ok({ result: 3 }));
    const scan = await ask("/", ["SCAN", 0]);
    expect(scan.status).toBe(400);
    expect(scan.body).toMatchObject({
      error: expect.stringMatching(/refuses SCAN on a Redis Cluster/) as string,
    });
  });
});

describe("a pipeline", () => {
  test("a pipeline for several masters is answered in its order", async () => {
    const commands = Array.from({ length: 60 }, (_, n) => ["APPEND", [a, b, c][n % 3], n % 10]);
    const lengths = commands.map((_, n) => ({ result: Math.floor(n / 3) + 1 }));
    expect(await ask("/pipeline", commands)).toEqual(ok(lengths));
    const texts = [a, b, c].map((_, at) =>
      commands.flatMap(([, , text], n) => (n % 3 === at ? [text] : [])).join(""),
    );
    expect(
      await ask("/pipeline", [
        ["GET", a],
        ["GET", b],
        ["GET", c],
      ]),
    ).toEqual(ok(texts.map((result) => ({ result }))));
  });

  test("a pipeline has the error of a failed command in its place", async () => {
    await ask("/", ["SET", b, "word"]);
    expect(
      await ask("/pipeline", [
        ["INCR", a],
        ["INCR", b],
        ["MGET", a, c],
        ["SCAN", 0],
        ["INCR", c],
      ]),
    ).toEqual(
      ok([
        { result: 1 },
        { error: "ERR value is not an integer or out of range" },
        { error: CROSSSLOT },
        { error: expect.stringContaining("refuses SCAN") as string },
        { result: 1 },
      ]),
    );
  });
});

describe("a transaction", () => {
  test("a transaction runs in one slot, without commands of other callers between its own", async () => {
    const other = a.replace("k:", "other:");
    const block = [
      ["INCR", a],
      ["INCR", other],
      ["GET", a],
    ];
    const all = await Promise.all(Array.from({ length: 20 }, () => ask("/multi-exec", block)));
    const counts = all.map(({ body }) => (body as { result: unknown }[]).map((it) => it.result));
    for (const [first, second, read] of counts) {
      expect(second).toBe(first);
      expect(read).toBe(String(first));
    }
    expect(await ask("/", ["GET", a])).toEqual(ok({ result: "20" }));
  });

  test("a transaction across slots is rejected and runs nothing", async () => {
    for (const other of [b, await neighbourOf(a)]) {
      expect(
        await ask("/multi-exec", [
          ["INCR", a],
          ["INCR", other],
        ]),
      ).toEqual(rejected(CROSSSLOT));
    }
    expect(
      await ask("/multi-exec", [
        ["INCR", a],
        ["MGET", a, b],
      ]),
    ).toEqual(rejected("EXECABORT Transaction discarded because of previous errors."));
    const everywhere = await ask("/multi-exec", [["INCR", a], ["DBSIZE"]]);
    expect(everywhere.status).toBe(400);
    expect(await ask("/", ["DBSIZE"])).toEqual(ok({ result: 0 }));
  });

  test("a transaction without a key runs on one master", async () => {
    expect(await ask("/multi-exec", [["PING"], ["ECHO", "é"]])).toEqual(
      ok([{ result: "PONG" }, { result: "é" }]),
    );
  });
});

describe("a script", () => {
  test("a script is known to a master only once that master has run it", async () => {
    const client = new UpstashRedis(store);
    const pair = (key: string) => [key, `${key}:2`];
    const known = await defineScript(COUNT_BOTH).sha();
    await expect(client.evalsha(known, pair(a), [])).rejects.toThrow("NOSCRIPT");
    expect(await client.eval(COUNT_BOTH, pair(a), [])).toEqual([1, 1]);
    expect(await client.evalsha(known, pair(a), [])).toEqual([2, 2]);
    expect(await client.scriptExists(known)).toEqual([0]);
    await expect(client.evalsha(known, pair(b), [])).rejects.toThrow("NOSCRIPT");
    expect(await client.eval(COUNT_BOTH, pair(b), [])).toEqual([1, 1]);
    expect(await client.evalsha(known, pair(b), [])).toEqual([2, 2]);
  });

  test("a script is loaded on all masters, also with Upstash's flag", async () => {
    const client = new UpstashRedis(store);
    const sha = await client.scriptLoad(`#!lua flags=allow-key-locking\n${COUNT}`);
    expect(await client.scriptExists(sha, "0".repeat(40))).toEqual([1, 0]);
    expect(await Promise.all([a, b, c].map((key) => client.evalsha(sha, [key], [])))).toEqual([
      1, 1, 1,
    ]);
  });

  test("a script that one pipeline loads and runs is loaded when it runs", async () => {
    const [loaded] = (await ask("/pipeline", [["SCRIPT", "LOAD", COUNT]])).body as [
      { result: string },
    ];
    await store.cluster.onMasters("SCRIPT", "FLUSH");
    const commands = [a, b, c].map((key) => ["EVALSHA", loaded.result, 1, key]);
    expect(await ask("/pipeline", [["SCRIPT", "LOAD", COUNT], ...commands])).toEqual(
      ok([loaded, { result: 1 }, { result: 1 }, { result: 1 }]),
    );
  });
});

describe("@upstash/redis", () => {
  test("@upstash/redis sends calls for several masters in one pipeline", async () => {
    const client = new UpstashRedis(store);
    await Promise.all([a, b, c].map((key, n) => client.set(key, { artist: "Björk", n })));
    expect(await Promise.all([a, b, c].map((key) => client.get(key)))).toEqual(
      [0, 1, 2].map((n) => ({ artist: "Björk", n })),
    );
    expect(await client.multi().set(a, "é").get(a).exec()).toEqual(["OK", "é"]);
    await expect(client.multi().set(a, "x").set(b, "x").exec()).rejects.toThrow("CROSSSLOT");
    expect(await client.get(a)).toBe("é");
  });

  test.each([
    ["fixedWindow", Ratelimit.fixedWindow(3, "60 s")],
    ["slidingWindow", Ratelimit.slidingWindow(3, "60 s")],
    ["tokenBucket", Ratelimit.tokenBucket(1, "60 s", 3)],
  ] as const)("@upstash/ratelimit's %s counts clients on their masters", async (_, limiter) => {
    const redis = new UpstashRedis(store);
    const ratelimit = new Ratelimit({ redis, limiter, ephemeralCache: false, prefix: "own" });
    for (const client of ["{a}", "{b}", "{c}"]) {
      const admitted: boolean[] = [];
      for (let n = 0; n < 4; n += 1) admitted.push((await ratelimit.limit(client)).success);
      expect(admitted).toEqual([true, true, true, false]);
    }
  });
});

describe("a slot that moves", () => {
  test("a slot that moves is followed before, while and after its keys move, and no command runs twice", async () => {
    const [here, there, both] = ["{moving}:here", "{moving}:there", "{moving}:both"];
    const from = await store.cluster.masterOf(here);
    const to = await store.cluster.masterOf(
      from.id === (await store.cluster.masterOf(a)).id ? b : a,
    );
    const slot = String(await from.direct.call("CLUSTER", "KEYSLOT", here));
    expect(await ask("/", ["INCR", here])).toEqual(ok({ result: 1 }));

    await to.direct.call("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id);
    await from.direct.call("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id);
    expect(
      await ask("/pipeline", [
        ["INCR", here],
        ["INCR", there],
        ["INCR", a],
      ]),
    ).toEqual(ok([{ result: 2 }, { result: 1 }, { result: 1 }]));
    expect(
      await ask("/multi-exec", [
        ["INCR", both],
        ["INCR", both],
      ]),
    ).toEqual(ok([{ result: 1 }, { result: 2 }]));
    // Half of the keys have moved: the node asks the client to try again.
    expect(await ask("/", ["MGET", here, there])).toEqual(AWAY);

    await from.direct.call("MIGRATE", "127.0.0.1", String(to.port), here, "0", "2000");
    await to.direct.call("CLUSTER", "SETSLOT", slot, "NODE", to.id);
    await from.direct.call("CLUSTER", "SETSLOT", slot, "NODE", to.id);
    expect(
      await ask("/multi-exec", [
        ["INCR", both],
        ["GET", here],
      ]),
    ).toEqual(ok([{ result: 3 }, { result: "2" }]));
    expect(await ask("/", ["MGET", here, there, both])).toEqual(ok({ result: ["2", "1", "3"] }));
  });
});

describe("a failover", () => {
  test("a planned failover loses no call and runs none twice", async () => {
    const replica = await store.cluster.replicaOf(await store.cluster.masterOf(c));
    await replica.direct.call("CLUSTER", "FAILOVER");
    const answers: unknown[] = [];
    const count = async () => {
      const calls = Array.from({ length: 10 }, () => ask("/", ["INCR", c]));
      answers.push(...(await Promise.all(calls)).map(({ body }) => body));
    };
    while ((await store.cluster.masterOf(c)).id !== replica.id) await count();
    await count();
    expect(answers).toHaveLength(
      new Set(answers.map((answer) => (answer as { result: number }).result)).size,
    );
    expect(await ask("/", ["GET", c])).toEqual(ok({ result: String(answers.length) }));
    expect(await replica.direct.get(c)).toBe(String(answers.length));
  });

  test("after the crash of a master no call waits for the failover, and none runs twice", async () => {
    const own = cleanUp(await startClusterStore(), (it) => it.stop());
    const [x, y] = own.cluster.keysApart("k");
    const master = await own.cluster.masterOf(x);
    const replica = await own.cluster.replicaOf(master);
    const keys = Array.from({ length: 200 }, (_, n) => `${x}:${n}`);
    const underWay = keys.map((key) => ask("/", ["INCR", key], own));
    await master.kill();
    const statuses = (await Promise.all(underWay)).map(({ status }) => status);
    expect(statuses.filter((status) => ![200, 503].includes(status))).toEqual([]);

    expect(await ask("/", ["INCR", x], own)).toEqual(AWAY);
    expect(await ask("/multi-exec", [["INCR", x]], own)).toEqual(AWAY);
    expect(
      await ask(
        "/pipeline",
        [
          ["INCR", x],
          ["GET", x],
        ],
        own,
      ),
    ).toEqual(AWAY);
    // Keys of the other masters are served meanwhile.
    expect(
      await ask(
        "/pipeline",
        [
          ["INCR", x],
          ["INCR", y],
        ],
        own,
      ),
    ).toEqual(ok([{ error: "UNREACHABLE Redis cannot be reached." }, { result: 1 }]));

    await own.cluster.failOverSoon();
    const again = () => ask("/", ["GET", x], own);
    await expect.poll(again, { timeout: 30_000 }).toEqual(ok({ result: null }));
    expect((await own.cluster.masterOf(x)).id).toBe(replica.id);
    const counts = await Promise.all(keys.map((key) => ask("/", ["GET", key], own)));
    const values = counts.map(({ body }) => (body as { result: string | null }).result);
    expect(values.filter((value) => value !== null && value !== "1")).toEqual([]);
    expect(
      await ask(
        "/multi-exec",
        [
          ["INCR", x],
          ["INCR", x],
        ],
        own,
      ),
    ).toEqual(ok([{ result: 1 }, { result: 2 }]));
  });
});

describe("a master", () => {
  test("a slow master gets 504, and TIMEOUT in its place in a pipeline", async () => {
    const gateway = await startGateway({
      redisUrl: store.cluster.url,
      cluster: true,
      token: store.token,
      limits: { commandTimeoutMs: 300 },
    });
    cleanUp(gateway, (it) => it.close());
    const slow = await store.cluster.masterOf(a);
    cleanUp(slow, ({ direct }) => direct.call("CLIENT", "UNPAUSE"));
    await slow.direct.call("CLIENT", "PAUSE", "30000", "WRITE");
    const late = "did not answer within 300 ms.";
    const [alone, joined] = await Promise.all([
      ask("/", ["INCR", a], gateway),
      ask(
        "/pipeline",
        [
          ["INCR", a],
          ["INCR", b],
        ],
        gateway,
      ),
    ]);
    expect(alone).toEqual({ status: 504, body: { error: `ERR Redis ${late}` } });
    expect(joined).toEqual(ok([{ error: `TIMEOUT Redis ${late}` }, { result: 1 }]));
  });

  test("the gateway reconnects to a master that cut the connection", async () => {
    const gateway = await startGateway({
      redisUrl: store.cluster.url,
      cluster: true,
      token: store.token,
    });
    cleanUp(gateway, (it) => it.close());
    const counted = () =>
      ask(
        "/pipeline",
        [
          ["INCR", a],
          ["INCR", b],
          ["INCR", c],
        ],
        gateway,
      );
    expect(await counted()).toEqual(ok([{ result: 1 }, { result: 1 }, { result: 1 }]));
    await store.cluster.onMasters("CLIENT", "KILL", "TYPE", "normal");
    await expect
      .poll(() =>
        ask(
          "/pipeline",
          [
            ["GET", a],
            ["GET", b],
            ["GET", c],
          ],
          gateway,
        ),
      )
      .toEqual(ok([{ result: "1" }, { result: "1" }, { result: "1" }]));
    expect(await counted()).toEqual(ok([{ result: 2 }, { result: 2 }, { result: 2 }]));
  });
});

describe("the gateway", () => {
  const token = "a-token-of-the-tests";

  test("the gateway sends its user and password to every node", async () => {
    const { url, nodes } = store.cluster;
    await Promise.all(
      nodes.map(({ direct }) =>
        direct.call("ACL", "SETUSER", "app", "on", ">right-p@ssword", "+@all", "~*"),
      ),
    );
    const { host } = new URL(url);
    const redisUrl = `redis://app:${encodeURIComponent("right-p@ssword")}@${host}`;
    const gateway = await startGateway({ redisUrl, cluster: true, token });
    cleanUp(gateway, (it) => it.close());
    const sets = [a, b, c].map((key) => ["SET", key, "v"]);
    expect(await ask("/pipeline", sets, gateway)).toEqual(ok(sets.map(() => ({ result: "OK" }))));
  });

  test("the gateway reports that a node rejects it, without the password", async () => {
    const lines: string[] = [];
    const { host } = new URL(store.cluster.url);
    const redisUrl = `redis://app:hunter2-secret@${host}`;
    const report = (line: string) => void lines.push(line);
    const gateway = await startGateway({ redisUrl, cluster: true, token, report });
    cleanUp(gateway, (it) => it.close());
    const answer = await ask("/", ["GET", a], gateway);
    expect(answer).toEqual(AWAY);
    // A node can close its connection before the cluster's error is known.
    await expect
      .poll(() => lines)
      .toContain("Redis Cluster cannot be used (WRONGPASS); trying again");
    expect(lines.join("\n")).not.toContain("hunter2");
  });

  test("the gateway does not start in front of a cluster without the flag, or of a single Redis with it", async () => {
    await expect(startGateway({ redisUrl: store.cluster.url, token })).rejects.toMatchObject({
      code: "GATEWAY_INVALID",
      message: expect.stringContaining("set HEADGATE_CLUSTER=1") as string,
    });
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    await expect(startGateway({ redisUrl: redis.url, cluster: true, token })).rejects.toMatchObject(
      {
        code: "GATEWAY_INVALID",
        message: expect.stringContaining("unset HEADGATE_CLUSTER") as string,
      },
    );
    const database = startGateway({ redisUrl: `${store.cluster.url}/1`, cluster: true, token });
    await expect(database).rejects.toThrow("only database 0");
  });

  test("the gateway reports a missing cluster that it detects later", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    await redis.stop();
    const gateway = await startGateway({ redisUrl: redis.url, cluster: true, token });
    cleanUp(gateway, (it) => it.close());
    expect(await ask("/", ["GET", a], gateway)).toEqual(AWAY);
    cleanUp(await startRedis(redis.port), (it) => it.stop());
    const answered = async () => (await ask("/", ["GET", a], gateway)).body;
    await expect.poll(answered, { timeout: 10_000 }).toMatchObject({
      error: expect.stringContaining("belongs to a server that is not a Redis Cluster") as string,
    });
  });

  test("the command starts the gateway in front of a cluster with HEADGATE_CLUSTER=1", async () => {
    const variables = { REDIS_URL: store.cluster.url, GATEWAY_PORT: "0", GATEWAY_TOKEN: token };
    const cli = await startProgram(["lib/cli/gateway.ts"], { ...variables, HEADGATE_CLUSTER: "1" });
    cleanUp(cli, (it) => it.stop());
    const sets = [a, b, c].map((key) => ["SET", key, "v"]);
    expect((await ask("/pipeline", sets, { url: cli.url, token })).status).toBe(200);
    expect(await cli.stop("SIGTERM")).toBe(0);
    const without = startProgram(["lib/cli/gateway.ts"], variables);
    await expect(without).rejects.toThrow(/GATEWAY_INVALID: .*HEADGATE_CLUSTER=1/);
    const unclear = startProgram(["lib/cli/gateway.ts"], { ...variables, HEADGATE_CLUSTER: "yes" });
    await expect(unclear).rejects.toThrow(/ENV_INVALID: .*HEADGATE_CLUSTER must be 1/);
  });
});

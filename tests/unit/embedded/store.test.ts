import { describe, expect, test } from "vitest";
import { embeddedStore } from "../../support/embedded.ts";

/** A clock that a test sets, in milliseconds since 1970. */
function testClock(start = 1_800_000_000_000) {
  const clock = { now: start };
  return { clock, read: () => clock.now };
}

describe("time", () => {
  test("TIME comes from the clock, with its microseconds", async () => {
    const { clock, read } = testClock(1_800_000_000_123.456);
    const { run, script } = await embeddedStore({ clock: read });
    expect(await run("TIME")).toEqual(["1800000000", "123456"]);
    clock.now += 2_000;
    expect(await script("return redis.call('TIME')[1]")).toBe("1800000002");
  });

  test("TIME is that of the machine by default", async () => {
    const { run } = await embeddedStore();
    const before = Date.now();
    const [seconds, micros] = (await run("TIME")) as [string, string];
    const now = Number(seconds) * 1000 + Number(micros) / 1000;
    expect(now).toBeGreaterThanOrEqual(before - 3);
    expect(now).toBeLessThanOrEqual(Date.now() + 3);
  });

  test("a key expires at its millisecond for every command", async () => {
    const { clock, read } = testClock();
    const { run } = await embeddedStore({ clock: read });
    await run("SET", "k", "v", "PX", 1_500);
    clock.now += 1_499;
    expect([await run("GET", "k"), await run("PTTL", "k")]).toEqual(["v", 1]);
    clock.now += 1;
    expect(await run("TYPE", "k")).toBe("none");
    expect([await run("EXISTS", "k"), await run("TTL", "k")]).toEqual([0, -2]);
    expect(await run("INCR", "k")).toBe(1);
    expect(await run("PTTL", "k")).toBe(-1);
  });

  test("time does not advance while a script runs", async () => {
    let reads = 0;
    const { run, script } = await embeddedStore({ clock: () => 1_800_000_000_000 + (reads += 1) });
    await run("SET", "k", "v", "PX", 3);
    const lua = "local n = 0 for i = 1, 99 do n = n + redis.call('EXISTS', 'k') end return n";
    expect(await script(lua)).toBe(99);
  });

  test("time does not go back when the clock steps back", async () => {
    const { clock, read } = testClock();
    const { run } = await embeddedStore({ clock: read });
    await run("SET", "k", "v", "EX", 10);
    clock.now -= 5_000;
    expect(await run("TTL", "k")).toBe(15);
  });
});

describe("memory", () => {
  test("full memory rejects commands that grow it, and allows reads and deletes", async () => {
    const { run } = await embeddedStore({ maxBytes: 100_000 });
    let written = 0;
    while ((await run("SET", `k${written}`, "x".repeat(1_000))) === "OK") written += 1;
    expect(written).toBeGreaterThan(80);
    expect(written).toBeLessThan(100);
    const refused = { error: "OOM command not allowed when used memory > 'maxmemory'." };
    for (const command of [
      ["SET", "more", "x"],
      ["RPUSH", "list", "x"],
      ["HSET", "hash", "f", "v"],
      ["SADD", "set", "m"],
      ["ZADD", "scores", "1", "m"],
      ["INCR", "n"],
      ["APPEND", "k0", "x"],
    ]) {
      expect(await runAll(run, command)).toEqual(refused);
    }
    expect(await run("STRLEN", "k0")).toBe(1_000);
    expect(await run("DEL", "k0", "k1")).toBe(2);
    expect(await run("SET", "more", "x")).toBe("OK");
  });

  test.each([
    ["strings", ["APPEND", "k", "x".repeat(500)], ["DEL", "k"]],
    ["hashes", ["HSET", "k", "f", "x".repeat(500)], ["HDEL", "k", "f"]],
    ["lists", ["RPUSH", "k", "x".repeat(500)], ["LPOP", "k"]],
    ["sets", ["SADD", "k", "x".repeat(500)], ["SREM", "k", "x".repeat(500)]],
    ["sorted sets", ["ZADD", "k", "1", "x".repeat(500)], ["ZREM", "k", "x".repeat(500)]],
  ])("the memory of %s is freed completely", async (_, grow, shrink) => {
    const { run } = await embeddedStore();
    for (let n = 0; n < 3; n += 1) await runAll(run, grow);
    expect(await used(run)).toBeGreaterThan(500);
    while ((await run("EXISTS", "k")) === 1) await runAll(run, shrink);
    expect(await used(run)).toBe(0);
  });

  test("expired keys do not keep memory, even when no client reads them", async () => {
    const { clock, read } = testClock();
    const { run } = await embeddedStore({ clock: read, maxBytes: 1_000_000 });
    for (let n = 0; n < 20_000; n += 1) {
      clock.now += 10;
      expect(await run("SET", `flood:${n}`, "1", "PX", 1_000)).toBe("OK");
    }
    // A hundred of the keys live at a time.
    expect(Number(await run("DBSIZE"))).toBeLessThan(1_000);
  });

  test("memory that is full of expired keys can be used again", async () => {
    const { clock, read } = testClock();
    const { run } = await embeddedStore({ clock: read, maxBytes: 100_000 });
    while ((await run("SET", `k${clock.now}`, "x", "PX", 60_000)) === "OK") clock.now += 1;
    clock.now += 60_000;
    expect(await run("SET", "new", "x")).toBe("OK");
  });
});

describe("SCAN", () => {
  test("SCAN returns every key that stays while others are added and deleted", async () => {
    const { run } = await embeddedStore();
    for (let n = 0; n < 300; n += 1) await run("SET", `stays:${n}`, "1");
    for (let n = 0; n < 300; n += 1) await run("SET", `goes:${n}`, "1");
    const seen = new Set<string>();
    let cursor = "0";
    let round = 0;
    do {
      const [next, keys] = (await run("SCAN", cursor, "COUNT", 7)) as [string, string[]];
      for (const key of keys) seen.add(key);
      cursor = next;
      await run("DEL", `goes:${round}`, `goes:${299 - round}`);
      await run("SET", `comes:${round}`, "1");
      round += 1;
    } while (cursor !== "0" && round < 500);
    expect([...seen].filter((key) => key.startsWith("stays:"))).toHaveLength(300);
    expect(cursor).toBe("0");
  });

  test("SCAN matches a hostile pattern quickly", async () => {
    const { run } = await embeddedStore();
    await run("SET", "a".repeat(20_000), "1");
    expect(await run("SCAN", 0, "MATCH", `${"*a".repeat(500)}b`)).toEqual(["0", []]);
    expect(await run("SCAN", 0, "MATCH", `${"*a".repeat(500)}*`)).toEqual([
      "0",
      ["a".repeat(20_000)],
    ]);
  });
});

describe("numbers", () => {
  test("numbers have 64 bits and do not overflow", async () => {
    const { run } = await embeddedStore();
    await run("SET", "n", "9223372036854775806");
    await run("INCR", "n");
    expect(await run("GET", "n")).toBe("9223372036854775807");
    expect(await run("INCR", "n")).toEqual({ error: "ERR increment or decrement would overflow" });
    expect(await run("GET", "n")).toBe("9223372036854775807");
  });
});

describe("unknown commands", () => {
  test.each(["SUBSCRIBE", "XCLAIM", "SPUBLISH", "constructor", "script|load"])(
    "%s is an unknown command of the embedded store",
    async (name) => {
      const { run } = await embeddedStore();
      expect(await run(name, "a")).toEqual({
        error: `ERR unknown command '${name.toUpperCase()}', with args beginning with: 'a' `,
      });
    },
  );
});

type Run = Awaited<ReturnType<typeof embeddedStore>>["run"];

function runAll(run: Run, [name = "", ...args]: readonly string[]) {
  return run(name, ...args);
}

async function used(run: Run): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(String(await run("INFO")))?.[1]);
}

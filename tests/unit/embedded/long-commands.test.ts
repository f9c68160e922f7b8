import { expect, test } from "vitest";
import { embeddedStore } from "../../support/embedded.ts";
import { cpuMs } from "../../support/cpu.ts";

/** How long one command may block the process, in milliseconds. */
const MOST_MS = 2000;

const many = (count: number, item: string) =>
  `local a = {} for i = 1, ${count} do a[i] = ${item} end`;
const fill = (command: string, items: string) =>
  `for j = 1, 200 do local a = {} for i = 1, 1000 do ${items} end redis.call(${command}, unpack(a)) end`;

const LIST = fill("'RPUSH', 'l'", "a[i] = 'x'");
const SORTED = fill("'ZADD', 'z'", "a[2 * i - 1] = j * 1000 + i a[2 * i] = j .. ':' .. i");
const ENTRIES =
  "for i = 1, 60000 do redis.call('XADD', 's', '1-' .. i, 'f', 'v') end redis.call('XGROUP', 'CREATE', 's', 'g', '0')";

test.each([
  [
    "pushes before many",
    LIST,
    `${many(100_000, "'y'")} return redis.call('LPUSH', 'l', unpack(a))`,
    300_000,
  ],
  ["pops many from the left", LIST, "return #redis.call('LPOP', 'l', 100000)", 100_000],
  [
    "adds many scores below those that are there",
    SORTED,
    `${many(90_000, "i % 2 == 1 and -i or 'n' .. i")} return redis.call('ZADD', 'z', unpack(a))`,
    45_000,
  ],
  [
    "removes many members",
    SORTED,
    "local a = redis.call('ZRANGE', 'z', 0, 89999) return redis.call('ZREM', 'z', unpack(a))",
    90_000,
  ],
  [
    "deletes many entries of a stream",
    ENTRIES,
    `${many(50_000, "'1-' .. i")} return redis.call('XDEL', 's', unpack(a))`,
    50_000,
  ],
  [
    "acknowledges many of them",
    `${ENTRIES} redis.call('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', 20000, 'STREAMS', 's', '>')`,
    `${many(20_000, "'1-' .. i")} return redis.call('XACK', 's', 'g', unpack(a))`,
    20_000,
  ],
])("a command that %s does not block the process for long", async (_, before, lua, expected) => {
  const { script } = await embeddedStore({ scriptMs: 20_000 });
  expect(await script(before)).toBeNull();
  const from = cpuMs();
  expect(await script(lua)).toBe(expected);
  expect(cpuMs() - from).toBeLessThan(MOST_MS);
});

const TOO_MANY_STEPS = "ERR the pattern takes too many steps to match";

test.each([
  ["KEYS", "redis.call('SET', a, 1)", "'KEYS', p", TOO_MANY_STEPS],
  ["SCAN", "redis.call('SET', a, 1)", "'SCAN', 0, 'MATCH', p", TOO_MANY_STEPS],
  ["HSCAN", "redis.call('HSET', 'k', a, 1)", "'HSCAN', 'k', 0, 'MATCH', p", TOO_MANY_STEPS],
  ["SSCAN", "redis.call('SADD', 'k', a)", "'SSCAN', 'k', 0, 'MATCH', s", TOO_MANY_STEPS],
  ["ZSCAN", "redis.call('ZADD', 'k', 1, a)", "'ZSCAN', 'k', 0, 'MATCH', p", TOO_MANY_STEPS],
  ["ZADD", "", "'ZADD', 'k', n .. 'x', 'm'", "ERR value is not a valid float"],
  ["INCRBY", "", "'INCRBY', 'k', n", "ERR value is not an integer or out of range"],
  ["the cursor of SCAN", "", "'SCAN', n", "ERR invalid cursor"],
])("%s rejects a text that would take long to read", async (_, before, command, words) => {
  const { script } = await embeddedStore({ scriptMs: 20_000 });
  const from = cpuMs();
  const answer = await script(`
    local a, n = ('a'):rep(1e6), ('9'):rep(3e6)
    local p, s = '*' .. ('a'):rep(5e5) .. 'b', '*[' .. ('b'):rep(1e6) .. ']'
    ${before}
    return redis.pcall(${command})
  `);
  expect(cpuMs() - from).toBeLessThan(MOST_MS);
  expect(answer).toEqual({ error: words });
});

test("an ordinary glob is matched against a hundred thousand keys", async () => {
  const { run, script } = await embeddedStore({ scriptMs: 20_000 });
  await script("for i = 1, 1e5 do redis.call('SET', 'app:user:' .. i .. ':count', 1) end");
  expect(await run("KEYS", "*user*[0-9a-f]9999:*t")).toHaveLength(9);
});

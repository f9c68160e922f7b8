import { describe, expect, test } from "vitest";
import { loadLua } from "#lib/embedded/lua/module";
import type { RawLua } from "#lib/embedded/lua/raw";
import { Scripts } from "#lib/embedded/scripts";
import { embeddedStore } from "../../support/embedded.ts";

const error = (text: string) => ({ error: expect.stringContaining(text) as string });

describe("a script that does not end", () => {
  test.each([
    ["loops without an end", "while true do end"],
    ["catches what would end it", "while true do pcall(function() while true do end end) end"],
    [
      "handles what would end it",
      "local function h() while true do end end while true do xpcall(error, h) end",
    ],
    [
      "closes what would end it",
      "local t <close> = setmetatable({}, { __close = function() while true do end end })",
    ],
    ["calls Redis without an end", "while true do redis.call('PING') end"],
    ["moves a long list without an end", "local t = {} while true do table.insert(t, 1, 0) end"],
  ])("a script that %s is ended, and the store works on", async (_, lua) => {
    // A loaded machine may interrupt this process for longer than a small bound, before the script runs.
    const { run, script } = await embeddedStore({ scriptMs: 200 });
    await run("SET", "k", "kept");
    expect(await script(lua)).toEqual(error("ERR the script ran for too long"));
    expect(await run("GET", "k")).toBe("kept");
    expect(await script("return redis.call('GET', 'k')")).toBe("kept");
  });

  test("scripts share the time of their whole pipeline, because other callers wait for it", async () => {
    const { store, script } = await embeddedStore({ scriptMs: 30 });
    const replies = await store.pipeline([
      ["EVAL", "while true do end", "0"],
      ["EVAL", "return 1", "0"],
      ["SET", "k", "v"],
    ]);
    expect(replies[1]).toMatchObject({
      message: "ERR the scripts of this call ran for too long in total",
    });
    expect(replies[2]).toEqual(Buffer.from("OK"));
    expect(await script("return 1")).toBe(1);
  });

  test.each([
    ["a pattern", "return (('a'):rep(3e5)):find('.-.-b')"],
    ["a balanced pattern", "return (('('):rep(1e6)):find('%b()')"],
    ["a pattern of options", "return (('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40) .. 'b')"],
    ["plain text", "return (('a'):rep(1e6)):find(('a'):rep(5e5) .. 'b', 1, true)"],
    [
      "a length that is claimed",
      "table.insert(setmetatable({}, { __len = function() return 2^53 end }), 1, 'x')",
    ],
  ])("a script that would run for too long in one call of C, by %s, is ended", async (_, lua) => {
    const { script } = await embeddedStore();
    expect(await script(lua)).toEqual(error("ERR "));
    expect(await script("return string.rep('', 1e15) == ''")).toBe(1);
    expect(await script("return (('key:1,'):rep(200)):gsub('(%w+):(%d+),', '%2')")).toBe(
      "1".repeat(200),
    );
  });
});

describe("a script that takes too much memory", () => {
  test.each([
    ["with a table", "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end"],
    ["with one text", "return ('x'):rep(1e9)"],
    [
      "and catches the error",
      "local t = {} while true do pcall(function() t[#t + 1] = ('x'):rep(1e6) .. #t end) end",
    ],
    ["with a reply of itself", "local t = {} t[1], t[2] = t, t return t"],
    [
      "with a reply of one text many times",
      "local s, t = ('x'):rep(1e6), {} for i = 1, 99 do t[i] = s end return t",
    ],
    [
      "with arguments",
      "local s, t = ('x'):rep(1e6), {} for i = 1, 99 do t[i] = s end redis.call('RPUSH', 'k', unpack(t))",
    ],
    ["by calling itself", "local function f() return 1 + f() end return f()"],
    [
      "by calling itself through C",
      "local function f() return (('x'):gsub('x', f)) end return f()",
    ],
  ])("a script that takes too much memory %s is ended, and the store works on", async (_, lua) => {
    const { script } = await embeddedStore({ scriptMs: 500, scriptBytes: 4_000_000 });
    expect(await script(lua)).toEqual(error("ERR "));
    expect(await script("return ('x'):rep(3)")).toBe("xxx");
  });

  test("a script that fills the memory of keys gets the error OOM", async () => {
    const { run, script } = await embeddedStore({ maxBytes: 3_000_000 });
    const lua = "local s = ('x'):rep(1e6) for i = 1, 100 do redis.call('SET', i, s) end";
    expect(await script(lua)).toEqual(error("OOM command not allowed"));
    // The script finishes its writes, as in Redis, but only up to a bound.
    expect(Number(await run("DBSIZE"))).toBeGreaterThan(3);
    expect(Number(await run("DBSIZE"))).toBeLessThan(25);
  });

  test("a script is rejected for full memory before it writes, and never halfway", async () => {
    const { run } = await embeddedStore({ maxBytes: 100_000 });
    const twice = `
      redis.call('SET', KEYS[1], ('x'):rep(900))
      redis.call('SET', KEYS[2], ('x'):rep(900))
      return 'both'
    `;
    const answers = new Set<unknown>();
    for (let n = 0; n < 100; n += 1) {
      const answer = await run("EVAL", twice, "2", `a${n}`, `b${n}`);
      answers.add(answer === "both" ? "both" : "none");
      expect(await run("EXISTS", `a${n}`, `b${n}`)).toBe(answer === "both" ? 2 : 0);
    }
    expect([...answers]).toEqual(["both", "none"]);
  });
});

describe("kept scripts", () => {
  test("the number of kept scripts is bounded, and the least recently used is dropped first", async () => {
    const { run } = await embeddedStore();
    const first = String(await run("SCRIPT", "LOAD", "return 'first'"));
    const second = String(await run("SCRIPT", "LOAD", "return 'second'"));
    for (let n = 0; n < 998; n += 1) await run("SCRIPT", "LOAD", `return ${n}`);
    expect(await run("EVALSHA", first, 0)).toBe("first");
    await run("SCRIPT", "LOAD", "return 'one more'");
    expect(await run("SCRIPT", "EXISTS", first, second)).toEqual([1, 0]);
    expect(await run("EVALSHA", second, 0)).toEqual(error("NOSCRIPT"));
  });

  test("the text of kept scripts is bounded", async () => {
    const { run } = await embeddedStore();
    const long = (n: number) => `return ${n} -- ${"x".repeat(1_000_000)}`;
    const first = String(await run("SCRIPT", "LOAD", long(0)));
    for (let n = 1; n <= 4; n += 1) await run("SCRIPT", "LOAD", long(n));
    expect(await run("SCRIPT", "EXISTS", first)).toEqual([0]);
    expect(await run("EVAL", long(0), 0)).toBe(0);
  });

  test("kept scripts run after a state of Lua was replaced", async () => {
    const { run, script } = await embeddedStore({ scriptMs: 30 });
    const sha = String(await run("SCRIPT", "LOAD", "return 'known'"));
    await script("while true do end");
    expect(await run("EVALSHA", sha, 0)).toBe("known");
    await run("SCRIPT", "FLUSH");
    expect(await run("EVALSHA", sha, 0)).toEqual(error("NOSCRIPT"));
  });
});

test("an error below Lua opens another state at once, and scripts run on", async () => {
  const lua = await loadLua();
  const opened: RawLua[] = [];
  const open = () => {
    opened.push(lua.open());
    return opened.at(-1) as RawLua;
  };
  const scripts = new Scripts({ open }, { call: () => "pong", scriptBytes: 4_000_000 });
  scripts.deadline = Infinity;
  const call = { keys: [], args: [], isReadOnly: false };
  const sha = scripts.load("return redis.call('PING')");
  Object.assign(opened[0] ?? {}, {
    _lua_pcallk() {
      throw new WebAssembly.RuntimeError("unreachable");
    },
  });
  expect(() => scripts.run(sha, call)).toThrow("unreachable");
  expect(scripts.run(sha, call)).toBe("pong");
  expect(opened).toHaveLength(2);
});

import { describe, expect, test } from "vitest";
import { embeddedStore } from "../../support/embedded.ts";

const error = (text: string) => ({ error: expect.stringContaining(text) as string });

describe("the environment of a script", () => {
  test.each(["io", "require", "debug", "dofile", "loadfile", "package", "print", "collectgarbage"])(
    "a script has no access to the global %s",
    async (name) => {
      const { script } = await embeddedStore();
      expect(await script(`return ${name}`)).toEqual(
        error(`Script attempted to access nonexistent global variable '${name}'`),
      );
    },
  );

  test.each([
    "x = 1",
    "KEYS = {}",
    "_G.x = 1",
    "rawset(_G, 'x', 1)",
    "string.format = nil",
    "redis.call = nil",
    "load('x = 1')()",
  ])("a script cannot change its environment: %s", async (lua) => {
    const { script } = await embeddedStore();
    expect(await script(lua)).toEqual(error("Attempt to modify a readonly table"));
    expect(await script("return { type(redis.call), string.format('%d', 3), #KEYS }")).toEqual([
      "function",
      "3",
      0,
    ]);
  });

  test.each([
    ["return getmetatable('') or 'none'", "none"],
    ["return getmetatable(_G) or 'none'", "none"],
    ["return os.execute == nil and type(os.clock())", "number"],
    ["return string.dump == nil and 'none'", "none"],
    ["return (load('\\27Lua')) or 'none'", "none"],
  ])("a script cannot reach beyond its environment: %s", async (lua, answer) => {
    const { script } = await embeddedStore();
    expect(await script(lua)).toBe(answer);
  });

  test("a script cannot set finalizers, which would run outside its time", async () => {
    const { script } = await embeddedStore();
    const lua = "setmetatable({}, { __gc = function() while true do end end })";
    expect(await script(lua)).toEqual(error("__gc is not available"));
  });

  test("a script has the functions of Lua 5.1 that scripts use", async () => {
    const { script } = await embeddedStore();
    const lua =
      "return { unpack({ 1, 2 }), table.getn({ 1, 2, 3 }), table.maxn({ 1, [7] = 1 }), math.pow(2, 3), math.mod(7, 4), loadstring('return 9')() }";
    expect(await script(lua)).toEqual([1, 3, 7, 8, 3, 9]);
  });
});

describe("values between Redis and a script", () => {
  test("every byte is kept between Redis and a script", async () => {
    const { run, script } = await embeddedStore();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    await run("EVAL", "redis.call('SET', KEYS[1], ARGV[1] .. string.char(0, 255))", 1, "k", bytes);
    expect(await run("STRLEN", "k")).toBe(258);
    expect(await script("return redis.call('GETDEL', 'k') == ARGV[1]", "x")).toBeNull();
    const echo = await (await embeddedStore()).store.call(["EVAL", "return ARGV[1]", "0", bytes]);
    expect(echo).toEqual(bytes);
  });

  test("numbers become whole numbers, and text as Lua 5.1 writes it", async () => {
    const { run, script } = await embeddedStore();
    expect(await script("return { 3.99, -3.99, 2^53, 10 / 2, 0/0 }")).toEqual([
      3,
      -3,
      2 ** 53,
      5,
      -(2 ** 63),
    ]);
    await script("redis.call('MSET', 'a', 10 / 2, 'b', 1 / 3, 'c', 2^60)");
    expect(await run("MGET", "a", "b", "c")).toEqual([
      "5",
      "0.33333333333333331",
      "1.152921504606847e+18",
    ]);
  });

  test("an error that is raised, caught or returned has the text of Redis", async () => {
    const { run, script } = await embeddedStore();
    await run("SET", "word", "x");
    expect(await script("return redis.call('INCR', 'word')")).toEqual(
      error("ERR value is not an integer or out of range script: "),
    );
    expect(await script("return redis.pcall('INCR', 'word')")).toEqual({
      error: "ERR value is not an integer or out of range",
    });
    expect(await script("local _, text = pcall(redis.call, 'INCR', 'word') return text")).toBe(
      "ERR value is not an integer or out of range",
    );
    expect(await script("\n\nerror('mine')")).toEqual(error("ERR user_script:3: mine script: "));
  });

  test("the writes of a script that fails stay", async () => {
    const { run, script } = await embeddedStore();
    expect(await script("redis.call('SET', 'k', 'v') error('late')")).toEqual(error("late"));
    expect(await run("GET", "k")).toBe("v");
  });
});

import { describe, expect, test } from "vitest";
import { embeddedStore } from "../../support/embedded.ts";

/** Everything that a script can reach without making a table, as text. */
const REACHABLE = `
  local seen, lines = {}, {}
  local function walk(path, value)
    lines[#lines + 1] = path .. '=' .. tostring(value)
    if type(value) ~= 'table' or seen[value] then return end
    seen[value] = true
    for k, v in pairs(value) do walk(path .. '.' .. tostring(k), v) end
  end
  walk('_G', _G)
  walk('strings', getmetatable(''))
  lines[#lines + 1] = ('x'):rep(3) .. string.format('%d', 7) .. tostring(('').missing)
  table.sort(lines)
  return table.concat(lines, '\\n')
`;

/** What a script can see. Each script has new tables KEYS and ARGV. */
async function reachable({ script }: Awaited<ReturnType<typeof embeddedStore>>) {
  const text = String(await script(REACHABLE));
  expect(text).toContain("_G.redis.call=function");
  return text.replaceAll(/(?<=_G\.(?:KEYS|ARGV)=table: ).*/g, "");
}

/** Ways to reach a table. Each assigns it to `t`. */
const TABLES = ["_G", "redis", "string", "table", "math", "os", "getmetatable('')"].flatMap(
  (name) =>
    [
      `local t = ${name}`,
      `local _, t = pairs(${name})`,
      `local f, s = pairs(${name}) local t = getmetatable(s or {}) or s`,
      `local _, t = ipairs(${name})`,
      `local t = select(2, pcall(pairs, ${name}))`,
      `local t = select(3, pcall(pairs, ${name}))`,
      `local t = getmetatable(${name}) or ${name}`,
      `local t = getmetatable(${name}).__index`,
      `local t = setmetatable({}, { __index = ${name}, __newindex = ${name} })`,
      `local t = load('return ' .. ARGV[1])()`,
      `local t = select(2, pcall(error, ${name}))`,
      `local t = select(2, xpcall(error, function(e) return e end, ${name}))`,
      `local t = unpack({ ${name} })`,
      `local t = assert(${name})`,
      `local t for k, v in pairs(_G) do if v == ${name} then t = v end end`,
    ].map((way) => way.replace("ARGV[1]", `'${name.replaceAll("'", "\\'")}'`)),
);

/** What a script could do to a table `t`. Each runs separately, and its errors are caught. */
const CHANGES = [
  "for k in pairs(t) do t[k] = nil end",
  "for k in next, t do t[k] = 1 end",
  "for k in pairs(t) do rawset(t, k, nil) end",
  "for k in pairs(t) do rawset(t, k, function() return 'mine' end) end",
  "t.call, t.format, t.insert, t.floor, t.KEYS, t.left = nil, 1, 2, 3, 4, 5",
  "t[1] = 1",
  "rawset(t, 'left', 1)",
  "table.insert(t, 'left')",
  "table.insert(t, 1, 'left')",
  "table.remove(t)",
  "table.remove(t, 1)",
  "table.sort(t)",
  "table.sort(t, function(a, b) t[1] = a return true end)",
  "setmetatable(t, { __index = function() return 'mine' end })",
  "setmetatable(t, nil)",
  "getmetatable(t).__index = {}",
  "getmetatable(t).__metatable = nil",
  "string.gsub('x', 'x', setmetatable({}, { __index = function(_, k) t[k] = 1 end }))",
  "load('_G.left = 1; left = 2')()",
  ...[
    ["__index", "t.missing"],
    ["__newindex", "t.missing = 1"],
    ["__call", "t()"],
    ["__tostring", "tostring(t)"],
    ["__name", "tostring(t)"],
    ["__len", "#t"],
    ["__eq", "t == {}"],
    ["__lt", "t < {}"],
    ["__le", "t <= {}"],
    ["__concat", "t .. ''"],
    ["__unm", "-t"],
    ["__add", "t + 1"],
    ["__pairs", "pairs(t)"],
    ["__close", "t"],
    ["__gc", "t"],
    ["__mode", "t"],
    ["__metatable", "getmetatable(t)"],
  ].map(
    ([name, use]) =>
      `local m = getmetatable(t) or t m.${name} = function(...) for _, v in pairs({ ... }) do v.left = 1 end end local _ = ${use?.replace(" = 1", "")}`,
  ),
];

describe("changes by a script", () => {
  test.each(TABLES)(
    "no later script sees changes to a table that was reached by %s",
    async (way) => {
      const store = await embeddedStore();
      const before = await reachable(store);
      for (const change of CHANGES) {
        await store.script(`return tostring(pcall(function() ${way} ${change} end))`);
      }
      expect(await reachable(store)).toBe(before);
    },
  );

  test("no later script sees changes through a value that is not a table", async () => {
    const store = await embeddedStore();
    const before = await reachable(store);
    for (const value of ["('')", "(1)", "(true)", "(nil)", "(redis.call)", "(pairs)"]) {
      await store.script(`${value}.left = 1`);
      await store.script(`rawset(${value}, 'left', 1)`);
      await store.script(`setmetatable(${value}, { __index = function() return 'mine' end })`);
      await store.script(`getmetatable(${value}).__index.format = nil`);
    }
    expect(await reachable(store)).toBe(before);
  });

  test.each([
    ["the iterator of pairs", "local _, r = pairs(redis) r.call = nil"],
    ["the state of next", "for k in next, redis do redis[k] = nil end"],
    [
      "a value that pairs yields",
      "for _, v in pairs(_G) do if v == redis then v.call = nil end end",
    ],
  ])("a script that changes a table through %s gets the error of Redis", async (_, lua) => {
    const { script } = await embeddedStore();
    expect(await script(lua)).toEqual({
      error: expect.stringContaining("Attempt to modify a readonly table") as string,
    });
    expect(await script("return redis.call('PING')")).toEqual("PONG");
  });
});

describe("values that a script leaves", () => {
  test("no script sees values that an earlier one, or the same one, left in the variable _ENV", async () => {
    const { script } = await embeddedStore();
    const lua = `
      local kept = rawget(_ENV, 'left')
      local g = _ENV
      _ENV = setmetatable({ left = 'what the first run left' }, { __index = g })
      return kept or 'nothing'
    `;
    expect(await script(lua)).toBe("nothing");
    expect(await script(lua)).toBe("nothing");
    expect(await script("return type(redis.call)")).toBe("function");
  });

  test("no script sees values that an earlier one left in KEYS and ARGV, even after an error", async () => {
    const { run, script } = await embeddedStore();
    await run("EVAL", "KEYS.left, ARGV.left = 1, 1 error('x')", 1, "secret key", "secret value");
    expect(
      await script("return { #KEYS, #ARGV, tostring(KEYS.left), tostring(ARGV.left) }"),
    ).toEqual([0, 0, "nil", "nil"]);
  });

  test("no script sees the seed of math.random that an earlier one set", async () => {
    const { script } = await embeddedStore();
    const draw = "return { math.random(2^40), math.random(2^40) }";
    const seeded = await script(`math.randomseed(7) ${draw}`);
    expect(await script(`math.randomseed(7) ${draw}`)).toEqual(seeded);
    const [first, second] = [await script(draw), await script(draw)];
    await script("math.randomseed(7)");
    const third = await script(draw);
    expect(third).not.toEqual(seeded);
    expect(new Set([seeded, first, second, third].map(String)).size).toBe(4);
  });
});

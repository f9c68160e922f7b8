import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { embeddedStore } from "../../support/embedded.ts";
import { cpuMs } from "../../support/cpu.ts";

/** How long the scripts below may run, and how long they may block the process, in milliseconds. */
const SCRIPT_MS = 100;
const MOST_MS = 2000;

/** How many programs the fuzz test runs: 60, or SCRIPT_RUNS for a longer run. */
const numRuns = Number(process.env["SCRIPT_RUNS"] ?? 60);

/** How long all programs of one fuzz test may take, in milliseconds. */
const FUZZ_MS = 60_000 + 1000 * numRuns;

const ENDED = {
  error: expect.stringContaining("the script ran for too long and was ended") as string,
};

/** Runs a script and returns its answer. Expects it to end in time and to leave the store as it was. */
async function outcome(lua: string): Promise<unknown> {
  const { ms, answer, after } = await measure(lua);
  expect(ms).toBeLessThan(MOST_MS);
  expect(after).toBe("kept3");
  return answer;
}

async function measure(lua: string) {
  const { run, script } = await embeddedStore({ scriptMs: SCRIPT_MS });
  await run("SET", "k", "kept");
  const from = cpuMs();
  const answer = await script(lua);
  const ms = cpuMs() - from;
  let after = await script(STILL_THERE);
  // A busy machine can hold up even a short script for too long.
  for (let i = 0; i < 5 && typeof after !== "string"; i += 1) after = await script(STILL_THERE);
  return { ms, answer, after };
}

const STILL_THERE = "return tostring(redis.call('GET', 'k')) .. string.format('%d', 3)";

const A = "local a, b = ('a'):rep(1e6), ('a'):rep(1e6)";

describe("a script that takes too long", () => {
  test.each([
    [
      "three repetitions after an escaped %",
      "string.find(('%b'):rep(400), ('%%b.*'):rep(3) .. 'Z')",
    ],
    ["six of them", "string.find(('%b'):rep(400), ('%%b.*'):rep(6) .. 'Z')"],
    ["many captures", "(('a'):rep(1e5)):match(('(a*)'):rep(31) .. 'b')"],
    ["a large set", "(('x'):rep(1e6)):find('[^' .. ('y'):rep(1e5) .. ']*z')"],
    ["%f", "while true do (('a '):rep(1e6)):find('%f[%d]') end"],
    ["gmatch", "for w in (('a'):rep(1e6)):gmatch('.-.-.-b') do end"],
    ["gsub", "while true do (('x'):rep(1e6)):gsub('.', '%0%0') end"],
    ["gsub with a function", "while true do (('x'):rep(1e6)):gsub('', function() end) end"],
    ["plain find in a loop", `${A} while true do a:find(a:sub(1, 5e5) .. 'b', 1, true) end`],
    [
      "a sort of long texts",
      `${A} local t = {} for i = 1, 3000 do t[i] = i % 2 == 0 and a or b end table.sort(t)`,
    ],
    [
      "a sort with a function",
      "local t = {} for i = 1, 1e5 do t[i] = i end table.sort(t, function() while true do end end)",
    ],
    ["equal long texts", `${A} while true do local x = a == b end`],
    ["ordered long texts", `${A} local x while true do ${"x = a < b ".repeat(500)} end`],
    ["long keys of a table", `${A} local t = { [a] = 1 } while true do local x = t[b] end`],
    ["texts that are joined", `${A} local x while true do ${"x = a .. b ".repeat(500)} end`],
    [
      "texts that double",
      "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
    ],
    ["rep", "while true do local x = ('x'):rep(5e6) end"],
    ["upper, lower and reverse", `${A} while true do a:upper() a:lower() a:reverse() end`],
    ["format", `${A} while true do string.format('%s%s%q', a, b, a) end`],
    ["format of numbers", "while true do string.format('%.99f', 1e308) end"],
    ["tonumber", "local s = ('9'):rep(5e6) while true do tonumber(s) end"],
    ["byte and char", "local s = ('x'):rep(1e5) while true do string.char(s:byte(1, 1e4)) end"],
    [
      "concat",
      "local t = {} for i = 1, 1e5 do t[i] = 'xxxx' end while true do table.concat(t, ',') end",
    ],
    [
      "concat of a claimed length",
      "table.concat(setmetatable({}, { __len = function() return 2^53 end, __index = function() return '' end }))",
    ],
    [
      "insert at a claimed length",
      "table.insert(setmetatable({}, { __len = function() return 2^53 end }), 1, 'x')",
    ],
    [
      "remove at a claimed length",
      "table.remove(setmetatable({}, { __len = function() return 2^53 end }), 1)",
    ],
    ["maxn", "local t = {} for i = 1, 1e5 do t[i] = i end while true do table.maxn(t) end"],
    [
      "unpack",
      "local t = {} for i = 1, 1e5 do t[i] = i end while true do pcall(select, '#', unpack(t)) end",
    ],
    [
      "memory that is full",
      "local t = {} for i = 1, 1e5 do t[i] = {} end while true do pcall(string.rep, 'x', 1e9) end",
    ],
    ["load", "while true do load(('x = 1 '):rep(1e5)) end"],
    [
      "load of one long condition",
      "load('local x if x then' .. (' elseif x then'):rep(1e5) .. ' end')",
    ],
    ["an iterator", "for _ in function() return 1 end do end"],
    [
      "metamethods",
      "local t = setmetatable({}, { __index = function() return 1 end }) while t.x do end",
    ],
    ["a handler of errors", "xpcall(error, function() while true do end end)"],
    ["sha1hex", `${A} while true do redis.sha1hex(a) end`],
    ["long texts for Redis", `${A} while true do redis.call('ECHO', a) end`],
    ["errors of Redis", "while true do redis.pcall('INCR', 'k') end"],
  ])("a script that takes long by %s is ended in time, and the store works on", async (_, lua) => {
    expect(await outcome(lua)).toEqual(ENDED);
  });

  test.each([
    ["EVAL", "elseif", `local x if x then${" elseif x then".repeat(60_000)} end`],
    ["LOAD", "elseif", `local x if x then${" elseif x then".repeat(60_000)} end`],
    ["EVAL", "and", `local x return ${"x and ".repeat(150_000)}x`],
  ])(
    "%s of a script with many `%s` is ended in time when it takes long to compile",
    async (command, _, lua) => {
      const { run, script } = await embeddedStore({ scriptMs: SCRIPT_MS });
      const from = cpuMs();
      const answer = await (command === "EVAL" ? script(lua) : run("SCRIPT", "LOAD", lua));
      expect(cpuMs() - from).toBeLessThan(MOST_MS);
      expect(answer).toEqual({
        error:
          "ERR Error compiling script (new function): the script ran for too long and was ended",
      });
      expect(await script("return 'runs'")).toBe("runs");
    },
  );

  test("the writes of a script that is ended stay", async () => {
    const { run, script } = await embeddedStore({ scriptMs: SCRIPT_MS });
    expect(await script("redis.call('SET', 'k', 'v') while true do end")).toEqual(ENDED);
    expect(await run("GET", "k")).toBe("v");
  });
});

const piece = fc.constantFrom(
  ..."a b % %% %b %bxy %b() %d %a %1 %f[a] . [ ] [a-z] [^a] []] [^]] [%]] * + - ? ^ $ ( ) ()".split(
    " ",
  ),
  "\0",
);
const pattern = fc
  .tuple(fc.array(piece, { minLength: 1, maxLength: 8, size: "max" }), fc.constantFrom(1, 3, 6, 30))
  .map(([pieces, times]) => `(${quote(pieces.join(""))}):rep(${times})`);
const text = fc
  .tuple(fc.array(piece, { minLength: 1, maxLength: 4 }), fc.constantFrom(1, 40, 1e3, 1e5, 1e6))
  .map(([pieces, times]) => `(${quote(pieces.join(""))}):rep(${times})`);
const value = fc.oneof(
  text,
  pattern,
  fc.constantFrom("nil", "true", "0", "1", "-1", "3", "1e6", "2^53", "0/0", "{}", "print_", "many"),
  fc.constantFrom("claims", "('x = 1 '):rep(1e4)", "function() end", "function() return 1 end"),
);
const FUNCTIONS = ["find", "match", "gmatch", "gsub", "rep", "format", "byte", "char", "len"]
  .concat(["lower", "upper", "reverse", "sub"])
  .map((name) => `string.${name}`)
  .concat(["concat", "insert", "remove", "sort", "unpack", "getn", "maxn"].map((n) => `table.${n}`))
  .concat(["tostring", "tonumber", "select", "unpack", "next", "rawget", "rawset", "rawequal"])
  .concat(["load", "loadstring", "pcall", "xpcall", "error", "assert", "setmetatable", "pairs"])
  .concat(["redis.call", "redis.pcall", "redis.sha1hex", "redis.error_reply", "math.random"]);
const libraryCall = fc
  .tuple(fc.constantFrom(...FUNCTIONS), fc.array(value, { maxLength: 4 }))
  .map(([name, values]) => `pcall(${[name, ...values].join(", ")})`);

function quote(bytes: string): string {
  return `'${bytes.replaceAll("\0", "\\0")}'`;
}

const PRELUDE = `
  local print_, many = function(...) return ... end, {}
  for i = 1, 2000 do many[i] = ('m'):rep(100) .. i end
  local claims = setmetatable({}, { __len = function() return 2^40 end, __index = function() return 1 end })
`;

describe("any script", () => {
  test(
    "a script that searches any text for any pattern blocks the process for less than two seconds",
    async () => {
      const name = fc.constantFrom("find", "match", "gsub");
      await fc.assert(
        fc.asyncProperty(name, text, pattern, async (search, subject, wanted) => {
          const last = search === "gsub" ? "''" : "1";
          const lua = `return pcall(string.${search}, ${subject}, ${wanted}, ${last})`;
          const { ms, after } = await measure(lua);
          expect(ms).toBeLessThan(MOST_MS);
          expect(after).toBe("kept3");
        }),
        { numRuns },
      );
    },
    FUZZ_MS,
  );

  test(
    "a script that calls any functions, in a loop or once, blocks the process for less than two seconds",
    async () => {
      const calls = fc.array(libraryCall, { minLength: 1, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(calls, fc.boolean(), async (lines, isLoop) => {
          const body = lines.join("\n");
          const { ms, after } = await measure(
            `${PRELUDE} ${isLoop ? `while true do ${body} end` : body}`,
          );
          expect(ms).toBeLessThan(MOST_MS);
          expect(after).toBe("kept3");
        }),
        { numRuns },
      );
    },
    FUZZ_MS,
  );
});

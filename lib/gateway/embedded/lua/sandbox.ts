/**
 * What a script finds: the language, without what reaches outside or runs for long in one call of C,
 * and `redis`. Run once for each state of Lua; its arguments are the functions of the host.
 *
 * Returns the table of globals as scripts see it (read-only), the function that prepares a run, and
 * the function that turns an error into `line:text`.
 *
 * All scripts share these tables, so no script may change them: scripts hold empty views, and only
 * \`contents_of\` knows the tables behind them. No function may hand one of those tables to a script.
 *
 * Redis runs Lua 5.1, this is 5.4: names that went away since are here, as far as scripts use them.
 */
export const SANDBOX = `
local call, pcall_redis, sha1hex = ...
local error, getmetatable, ipairs, next, pairs, pcall = error, getmetatable, ipairs, next, pairs, pcall
local rawget, rawset, select, setmetatable, tostring, type = rawget, rawset, select, setmetatable, tostring, type
local getinfo, load, math_type = debug.getinfo, load, math.type
local byte, find, gsub, rep = string.byte, string.find, string.gsub, string.rep
local globals = {}
local contents_of = {}

local function refuse()
  error('Attempt to modify a readonly table', 2)
end

local function readonly(contents)
  local view = setmetatable({}, {
    __index = contents,
    __newindex = refuse,
    __pairs = function(this) return globals.next, this, nil end,
    __metatable = false,
  })
  contents_of[view] = contents
  return view
end

-- A script reads a view as if it were the table behind it.
function globals.next(list, key) return next(contents_of[list] or list, key) end
function globals.rawget(list, key) return rawget(contents_of[list] or list, key) end

local function copy(from, names)
  local to = {}
  for name in names:gmatch('%S+') do to[name] = from[name] end
  return to
end

-- A match is one call of C, which no hook ends early: how many steps it may take is reckoned before.
-- It tries every way to share the text out among the repetitions, and every start that is free.
local MOST_STEPS = 4e9
local MOST_PATTERN = 10000
local freedoms, known = {}, 0

local function freedom_of(pattern)
  local kept = freedoms[pattern]
  if kept then return kept[1], kept[2] end
  if #pattern > MOST_PATTERN then error('a pattern has at most 10000 bytes', 4) end
  local bare = gsub(gsub(gsub(pattern, '%%b..', '*'), '%%%d', '*'), '%%.', 'x')
  bare = gsub(bare, '%[%^?%]?[^%]]*%]', 'x')
  local _, repeats = gsub(bare, '[*+-]', '')
  local _, options = gsub(bare, '%?', '')
  if byte(bare) ~= 94 then repeats = repeats + 1 end
  if known >= 1000 then freedoms, known = {}, 0 end
  freedoms[pattern], known = { repeats, options }, known + 1
  return repeats, options
end

local function check_steps(text, pattern, plain)
  if type(text) == 'number' then text = tostring(text) end
  if type(text) ~= 'string' or type(pattern) ~= 'string' then return end
  local repeats, options = 1, 0
  if not plain then repeats, options = freedom_of(pattern) end
  local steps = #pattern * 2 ^ options
  for i = 1, repeats do steps = steps * (#text + i) / i end
  if steps > MOST_STEPS then
    error('a pattern with so many repetitions could take too long on so long a text', 3)
  end
end

local strings = copy(string, 'byte char format gmatch len lower reverse sub upper')
function strings.find(text, pattern, init, plain)
  check_steps(text, pattern, plain)
  return find(text, pattern, init, plain)
end
function strings.gsub(text, pattern, ...)
  check_steps(text, pattern)
  return gsub(text, pattern, ...)
end
for _, name in ipairs({ 'match', 'gmatch' }) do
  local original = string[name]
  strings[name] = function(text, pattern, init)
    check_steps(text, pattern)
    return original(text, pattern, init)
  end
end
function strings.rep(text, count, separator)
  -- Nothing, repeated, is counted up to the end all the same.
  if text == '' and (separator or '') == '' then return '' end
  return rep(text, count, separator)
end

-- A length that a metamethod claims would make them run as long as it says.
local tables = copy(table, 'unpack')
for _, name in ipairs({ 'concat', 'insert', 'remove', 'sort' }) do
  local original = table[name]
  tables[name] = function(list, ...)
    local meta = getmetatable(list)
    if type(meta) == 'table' and rawget(meta, '__len') ~= nil then
      error('table.' .. name .. ' takes no table with __len', 2)
    end
    return original(list, ...)
  end
end
function tables.getn(list) return #list end
function tables.maxn(list)
  local most = 0
  for key in next, list do
    if math_type(key) and key > most then most = key end
  end
  return most
end

local maths = {}
for name, value in pairs(math) do maths[name] = value end
maths.mod = math.fmod
function maths.pow(x, y) return x ^ y end
function maths.log10(x) return math.log(x, 10) end

-- What a script seeds holds for that script alone: the next one goes on from numbers drawn before.
local random, randomseed = math.random, math.randomseed
local first, second
function maths.randomseed(...)
  if not first then first, second = random(0), random(0) end
  randomseed(...)
end
local function restore_seed()
  if first then randomseed(first, second) end
  first, second = nil, nil
end

local redis = {
  call = call, pcall = pcall_redis, sha1hex = sha1hex,
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  REDIS_VERSION = '7.0.0', REDIS_VERSION_NUM = 0x00070000,
}
function redis.log() end
function redis.set_repl() end
function redis.replicate_commands() return true end
function redis.setresp() end
function redis.status_reply(text)
  if type(text) ~= 'string' then return redis.error_reply('ERR wrong number or type of arguments') end
  return { ok = text }
end
function redis.error_reply(text)
  if type(text) ~= 'string' then return { err = 'ERR wrong number or type of arguments' } end
  text = gsub(text, '^%-', '')
  return { err = find(text, ' ', 1, true) and text or 'ERR ' .. text }
end

for name, value in pairs(copy(_G, 'assert error getmetatable ipairs pairs rawequal rawlen select tonumber tostring type _VERSION')) do
  globals[name] = value
end
globals.string, globals.table, globals.math = readonly(strings), readonly(tables), readonly(maths)
globals.os, globals.redis = readonly({ clock = os.clock }), readonly(redis)
globals.unpack = table.unpack

function globals.rawset(list, key, value)
  if contents_of[list] then error('Attempt to modify a readonly table', 0) end
  return rawset(list, key, value)
end

-- A finalizer would run within a later script.
function globals.setmetatable(list, meta)
  if contents_of[list] then error('Attempt to modify a readonly table', 0) end
  if type(meta) == 'table' and rawget(meta, '__gc') ~= nil then
    error('__gc is not available in scripts', 2)
  end
  return setmetatable(list, meta)
end

-- An error of Redis, raised, reaches the script that catches it as its text.
local function settle(ok, problem, ...)
  if not ok and type(problem) == 'table' and rawget(problem, 'err') ~= nil then
    return false, rawget(problem, 'err')
  end
  return ok, problem, ...
end
function globals.pcall(...) return settle(pcall(...)) end

-- The handler runs after the error, not within it: there no hook would end it.
local function handled(handler, ok, ...)
  if ok then return ok, ... end
  return false, handler(...)
end
function globals.xpcall(work, handler, ...)
  return handled(handler, settle(pcall(work, ...)))
end

local environment = readonly(globals)
globals._G = environment

-- Text alone: compiled code could reach anything.
function globals.load(text, name)
  if type(text) ~= 'string' then error('load takes a text', 2) end
  return load(text, name or text, 't', environment)
end
globals.loadstring = globals.load

setmetatable(globals, { __index = function(_, name)
  error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end })

local of_strings = getmetatable('')
of_strings.__index = strings
of_strings.__metatable = false

-- No tostring of what could have a metamethod: an error of the hook's, described, sees no hook.
local function words(problem)
  local kind = type(problem)
  if kind == 'table' and type(rawget(problem, 'err')) == 'string' then return rawget(problem, 'err') end
  if kind == 'table' or kind == 'function' then return 'ERR the error is a ' .. kind end
  return 'ERR ' .. tostring(problem)
end

local function describe(problem)
  for level = 2, 6 do
    local at = getinfo(level, 'Sl')
    if at and at.source == '@user_script' then return at.currentline .. ':' .. words(problem) end
  end
  return ':' .. words(problem)
end

local function begin(keys, argv)
  globals.KEYS, globals.ARGV = keys, argv
  restore_seed()
end

return environment, begin, describe
`;

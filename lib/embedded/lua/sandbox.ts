/**
 * The environment of scripts: the language without access to the system, and `redis`. This code runs once for
 * each state of Lua. Its arguments are the functions of the host.
 *
 * It returns the table of globals as scripts see it (read-only), the function that prepares a run, and the
 * function that turns an error into `line:text`.
 *
 * All scripts share these tables, so no script may change them. Scripts have empty views, and only
 * \`contents_of\` maps a view to its table. No function may pass one of those tables to a script.
 *
 * Redis runs Lua 5.1, and this is 5.4. The removed names that scripts use are defined here.
 */
export const SANDBOX = `
local call, pcall_redis, sha1hex = ...
local error, getmetatable, next, pairs, pcall, xpcall = error, getmetatable, next, pairs, pcall, xpcall
local rawget, rawset, setmetatable, tostring, type = rawget, rawset, setmetatable, tostring, type
local getinfo, load, math_type = debug.getinfo, load, math.type
local find, gsub, rep = string.find, string.gsub, string.rep
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

-- A script reads a view as if it were its table.
function globals.next(list, key) return next(contents_of[list] or list, key) end
function globals.rawget(list, key) return rawget(contents_of[list] or list, key) end

local function copy(from, names)
  local to = {}
  for name in names:gmatch('%S+') do to[name] = from[name] end
  return to
end

local strings = copy(string, 'byte char find format gmatch gsub len lower match reverse sub upper')
function strings.rep(text, count, separator)
  -- Lua would loop through all repetitions of an empty string too.
  if text == '' and (separator or '') == '' then return '' end
  return rep(text, count, separator)
end

local tables = copy(table, 'concat insert remove sort unpack')
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

-- A seed applies only to the script that sets it. The next script continues with the earlier sequence.
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

-- A finalizer could run within a later script.
function globals.setmetatable(list, meta)
  if contents_of[list] then error('Attempt to modify a readonly table', 0) end
  if type(meta) == 'table' and rawget(meta, '__gc') ~= nil then
    error('__gc is not available in scripts', 2)
  end
  return setmetatable(list, meta)
end

-- A script that catches an error of Redis gets its text.
local function settled(problem)
  local text = type(problem) == 'table' and rawget(problem, 'err')
  return text or problem
end
local function settle(ok, problem, ...)
  if ok then return ok, problem, ... end
  return ok, settled(problem)
end
function globals.pcall(...) return settle(pcall(...)) end
function globals.xpcall(work, handler, ...)
  return xpcall(work, function(problem) return handler(settled(problem)) end, ...)
end

local environment = readonly(globals)
globals._G = environment

-- Only text is loaded, because compiled code could reach anything.
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

-- tostring is not called on values that could have a metamethod, which would run as the error handler.
local function text_of(problem)
  local kind = type(problem)
  if kind == 'table' and type(rawget(problem, 'err')) == 'string' then return rawget(problem, 'err') end
  if kind == 'table' or kind == 'function' then return 'ERR the error is a ' .. kind end
  return 'ERR ' .. tostring(problem)
end

local function describe(problem)
  for level = 2, 6 do
    local at = getinfo(level, 'Sl')
    if at and at.source == '@user_script' then return at.currentline .. ':' .. text_of(problem) end
  end
  return ':' .. words(problem)
end

local function begin(keys, argv)
  globals.KEYS, globals.ARGV = keys, argv
  restore_seed()
end

return environment, begin, describe
`;

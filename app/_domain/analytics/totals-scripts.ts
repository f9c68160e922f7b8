import { defineScript } from "headgate/redis";

/**
 * Returns events for a consumer. First come events that another consumer abandoned; then events that
 * this consumer received and did not settle, because the answer was lost or the store failed; then new
 * events. KEYS: the stream. ARGV: group, consumer, how many, milliseconds after which an event is
 * abandoned, where to search for those, and milliseconds to keep the stream. Returns where to search
 * next, and the entries.
 */
export const RECEIVE = defineScript(`
local function abandoned()
  return redis.pcall("XAUTOCLAIM", KEYS[1], ARGV[1], ARGV[2], ARGV[4], ARGV[5], "COUNT", ARGV[3])
end
local found = abandoned()
if found.err then
  if not string.find(found.err, "NOGROUP", 1, true) then return found end
  redis.call("XGROUP", "CREATE", KEYS[1], ARGV[1], "0", "MKSTREAM")
  redis.call("PEXPIRE", KEYS[1], ARGV[6])
  found = abandoned()
end
if #found[2] > 0 then return {found[1], found[2]} end
local function given(id)
  local streams = redis.call("XREADGROUP", "GROUP", ARGV[1], ARGV[2], "COUNT", ARGV[3], "STREAMS", KEYS[1], id)
  return streams and streams[1][2] or {}
end
local own = {}
for _, entry in ipairs(given("0")) do
    -- An entry that was deleted meanwhile has only its id.
  if entry[2] then own[#own + 1] = entry else redis.call("XACK", KEYS[1], ARGV[1], entry[1]) end
end
return {found[1], #own > 0 and own or given(">")}
`);

/**
 * Counts events, or sets them aside. An event is counted and acknowledged in one step, and one that is
 * acknowledged already was counted before. Each event therefore counts once, however many workers hold
 * it and however often this script is sent. KEYS: the stream, the events set aside, and the totals of
 * each day. ARGV: group, milliseconds to keep the totals, length of the events set aside, most types of
 * a day; then for each event its id, the number of its totals (0: it is set aside) and its type or the
 * reason.
 */
export const SETTLE = defineScript(`
for i = 2, #KEYS do
  local is = redis.call("TYPE", KEYS[i]).ok
  if is ~= "none" and is ~= (i == 2 and "stream" or "hash") then
    return redis.error_reply("WRONGTYPE a key of the totals holds the wrong kind of value")
  end
end
local function count(key, field)
  if redis.call("HEXISTS", key, field) == 0 and redis.call("HLEN", key) >= tonumber(ARGV[4]) then
    field = "other"
  end
  return type(redis.pcall("HINCRBY", key, field, 1)) == "number"
end
local function setAside(id, reason)
  local entry = redis.call("XRANGE", KEYS[1], id, id)[1]
  local fields = entry and entry[2] or {}
  redis.call("XADD", KEYS[2], "MAXLEN", "~", ARGV[3], "*", "reason", reason, "id", id, unpack(fields, 1, math.min(#fields, 100)))
end
local counted, aside = 0, 0
for at = 5, #ARGV, 3 do
  local id, totals = ARGV[at], KEYS[tonumber(ARGV[at + 1]) + 2]
  if redis.call("XACK", KEYS[1], ARGV[1], id) == 1 then
    if totals == KEYS[2] then
      setAside(id, ARGV[at + 2])
      aside = aside + 1
    elseif count(totals, ARGV[at + 2]) then
      counted = counted + 1
    else
      setAside(id, "its total is no number")
      aside = aside + 1
    end
    redis.call("XDEL", KEYS[1], id)
  end
end
for i = 2, #KEYS do redis.call("PEXPIRE", KEYS[i], ARGV[2]) end
return {counted, aside}
`);

/** Returns how many events wait, and how many of these workers hold. KEYS: the stream. ARGV: group. */
export const LENGTHS = defineScript(`
local length = redis.call("XLEN", KEYS[1])
local pending = redis.pcall("XPENDING", KEYS[1], ARGV[1])
return {length, pending.err and 0 or pending[1]}
`);

/**
 * Removes a consumer that ends, and consumers that died, when they hold no events. KEYS: the stream.
 * ARGV: group, consumer, milliseconds of idleness after which a consumer counts as dead.
 */
export const LEAVE = defineScript(`
local consumers = redis.pcall("XINFO", "CONSUMERS", KEYS[1], ARGV[1])
if consumers.err then return 0 end
for _, it in ipairs(consumers) do
  local is = {}
  for i = 1, #it, 2 do is[it[i]] = it[i + 1] end
  local isGone = is.name == ARGV[2] or is.idle > tonumber(ARGV[3])
  if isGone and is.pending == 0 then
    redis.call("XGROUP", "DELCONSUMER", KEYS[1], ARGV[1], is.name)
  end
end
return 1
`);

export const ALL_FIELDS = defineScript(`return redis.call("HGETALL", KEYS[1])`);
export const NEWEST = defineScript(
  `return redis.call("XREVRANGE", KEYS[1], "+", "-", "COUNT", ARGV[1])`,
);

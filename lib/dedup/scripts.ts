import { defineScript } from "#lib/redis/script";

/*
 * The value of a key has five fields, separated by colons:
 *
 *   state  "c" while the claim is in progress, "d" when it is committed
 *   since  when the key was first claimed, in milliseconds of Redis's clock; empty when no script needs it
 *   owner  the owner of the claim
 *   payload  the hash of the claim's payload; empty for a claim without one
 *   result  the encrypted result of a committed claim; empty without one
 *
 * Its time to live is the lease, then the rest of the window. A value of another form counts as
 * committed, such as the "1" that the requirements name.
 */
const READ = `
local function read(held)
  local state = string.sub(held, 1, 1)
  local a = string.find(held, ":", 1, true)
  local b = a and string.find(held, ":", a + 1, true)
  if not b or (state ~= "c" and state ~= "d") then return nil end
  local c = string.find(held, ":", b + 1, true) or #held + 1
  local since, owner = string.sub(held, 2, a - 1), string.sub(held, a + 1, b - 1)
  return state, since, owner, string.sub(held, b + 1, c - 1), string.sub(held, c + 1)
end
local function milliseconds()
  local time = redis.call("TIME")
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function text(number)
  return string.format("%.0f", number)
end
local function left(window, maxAge, since, now)
  if maxAge == 0 then return since + window - now end
  return math.min(window, since + maxAge - now)
end
-- Never shortens the time to live: the caller that claimed the key may have had a longer window.
local function slide(key, window, maxAge, since, now)
  if maxAge == 0 or not since or since == "" then return end
  local ms = left(window, maxAge, tonumber(since), now)
  if ms > redis.call("PTTL", key) then redis.call("PEXPIRE", key, text(ms)) end
end
`;

/**
 * Claims each key that is free, or that this owner has claimed already. KEYS: the keys to claim. ARGV:
 * owner, lease (0: it is done at once), window, the maximum age of a sliding window (0: the window is
 * fixed), all in milliseconds, and the payload. Returns two values for each key: 0 for first; 1 for a
 * duplicate, and its result or 0; 2 for in progress, and the rest of its lease in milliseconds; 3 for
 * another payload. An owner's next claim renews its lease; without a lease it commits the claim that is
 * in progress.
 */
export const CLAIM = defineScript(`${READ}
local owner, payload = ARGV[1], ARGV[5]
local lease, window, maxAge = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now = (lease > 0 or maxAge > 0) and milliseconds() or nil
local new = (lease > 0 and "c" or "d") .. (now and text(now) or "") .. ":" .. owner .. ":"
local answers = {}
for i, key in ipairs(KEYS) do
  local code, detail = 0, 0
  local held = redis.call("GET", key)
  if not held then
    redis.call("SET", key, new .. payload, "PX", lease > 0 and ARGV[2] or ARGV[3])
  else
    local state, since, by, is, result = read(held)
    if payload ~= "" and is ~= payload then
      code = 3
    elseif by == owner and (state == "c" or lease == 0) then
      if state == "c" and lease > 0 then redis.call("PEXPIRE", key, ARGV[2])
      elseif state == "c" then redis.call("SET", key, new .. is, "PX", ARGV[3]) end
    elseif state == "c" then
      code, detail = 2, redis.call("PTTL", key)
    else
      code, detail = 1, result ~= "" and result or 0
      slide(key, window, maxAge, since, now)
    end
  end
  answers[i * 2 - 1], answers[i * 2] = code, detail
end
return answers
`);

/**
 * Applies an effect: counters that grow, and an entry of a stream. When one part fails, it applies none
 * and returns the error. KEYS: after the first, the counters' hashes, then the stream. ARGV from \`at\`
 * on: the number of counters; the field, the increment and the milliseconds to keep of each; then, for
 * a stream, its length, the milliseconds to keep it, and the fields and values.
 */
const APPLY = `
local function apply(at)
  local counters = tonumber(ARGV[at])
  for k = 2, #KEYS do
    local is = redis.call("TYPE", KEYS[k]).ok
    if is ~= "none" and is ~= (k <= counters + 1 and "hash" or "stream") then
      return redis.error_reply("WRONGTYPE a key of the effect holds the wrong kind of value")
    end
  end
  local function add(i, sign)
    local key, field = KEYS[i + 1], ARGV[at + i * 3 - 2]
    return redis.pcall("HINCRBY", key, field, sign .. ARGV[at + i * 3 - 1])
  end
  local function undo(last)
    for i = 1, last do
      if add(i, "-") == 0 then redis.call("HDEL", KEYS[i + 1], ARGV[at + i * 3 - 2]) end
    end
  end
  for i = 1, counters do
    local sum = add(i, "")
    if type(sum) == "table" then
      undo(i - 1)
      return sum
    end
  end
  if #KEYS > counters + 1 then
    local from = at + counters * 3 + 1
    local entry = redis.pcall("XADD", KEYS[#KEYS], "MAXLEN", "~", ARGV[from], "*", unpack(ARGV, from + 2))
    if type(entry) == "table" then
      undo(counters)
      return entry
    end
    redis.call("PEXPIRE", KEYS[#KEYS], ARGV[from + 1])
  end
  for i = 1, counters do redis.call("PEXPIRE", KEYS[i + 1], ARGV[at + i * 3]) end
end
`;

/**
 * Commits a claim, and applies an effect with it. A claim whose lease has ended is committed all the
 * same, unless another owner has claimed the key. KEYS: the claim, then the effect's keys. ARGV: owner,
 * window, maximum age, payload, result, then the effect's arguments. Returns 1, or 0 when the claim is
 * not this owner's.
 */
export const COMMIT = defineScript(`${READ}${APPLY}
local owner = ARGV[1]
local window, maxAge = tonumber(ARGV[2]), tonumber(ARGV[3])
local now = milliseconds()
local since, payload = now, ARGV[4]
local held = redis.call("GET", KEYS[1])
if held then
  local state, first, by, is = read(held)
  if by ~= owner then return 0 end
  if state == "d" then return 1 end
  since, payload = tonumber(first), is
end
local failed = apply(6)
if failed then return failed end
local keep = math.max(left(window, maxAge, since, now), 1000)
local done = "d" .. text(since) .. ":" .. owner .. ":" .. payload .. ":" .. ARGV[5]
redis.call("SET", KEYS[1], done, "PX", text(keep))
return 1
`);

/**
 * Renews the lease of a claim that is this owner's; a committed claim stays as it is. KEYS: the claim.
 * ARGV: owner, milliseconds. Returns 1, or 0 when the claim is not this owner's.
 */
export const EXTEND = defineScript(`${READ}
local held = redis.call("GET", KEYS[1])
if not held then return 0 end
local state, _, by = read(held)
if by ~= ARGV[1] then return 0 end
if state == "c" then redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
return 1
`);

/** Releases a claim that is this owner's and in this state. KEYS: the claim. ARGV: owner, state. */
export const RELEASE = defineScript(`${READ}
local held = redis.call("GET", KEYS[1])
if not held then return 0 end
local state, _, by = read(held)
if by ~= ARGV[1] or state ~= ARGV[2] then return 0 end
return redis.call("DEL", KEYS[1])
`);

/**
 * Claims a key and applies an effect in one step. KEYS: the claim, then the effect's keys. ARGV: owner,
 * window, maximum age, then the effect's arguments. Returns 1 when it counts, 0 for a duplicate of a
 * claim that is done or in progress.
 */
export const COUNT = defineScript(`${READ}${APPLY}
local owner = ARGV[1]
local window, maxAge = tonumber(ARGV[2]), tonumber(ARGV[3])
local now = maxAge > 0 and milliseconds() or nil
local held = redis.call("GET", KEYS[1])
if held then
  local state, since, by = read(held)
  if by == owner then return 1 end
  if state == "d" then slide(KEYS[1], window, maxAge, since, now) end
  return 0
end
local failed = apply(4)
if failed then return failed end
redis.call("SET", KEYS[1], "d" .. (now and text(now) or "") .. ":" .. owner .. ":", "PX", ARGV[2])
return 1
`);

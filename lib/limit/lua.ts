/**
 * The Lua that decides. It suits Lua 5.1 (Redis, Valkey) and 5.4: no integer division, no table
 * functions that moved, and numbers that are whole.
 *
 * All limits are read first; only if every one has room is anything written, so a denied request
 * consumes nothing.
 */

/** Milliseconds on Redis's clock: the only clock that all instances share. */
export const REDIS_CLOCK = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/**
 * floor(a / b) without the rounding of a / b: exact for whole numbers up to 2^53.
 * fmod is exact in C, where Lua 5.1's % is not.
 */
const ARITHMETIC = `
local function int(n)
  return string.format('%.0f', n)
end

local function div(a, b)
  return math.floor((a - math.fmod(a, b)) / b)
end
`;

/**
 * sliding-log: a sorted set with one member for each unit of cost, scored by its time. An entry of
 * time s counts at now while now < s + window.
 */
const SLIDING_LOG = `
local log = {}

function log.read(key, rule)
  return { used = redis.call('ZCOUNT', key, '(' .. int(now - rule.window), '+inf') }
end

function log.remaining(state, rule)
  return rule.limit - state.used
end

-- Milliseconds until cost has room: until the entry is gone that has to go last.
function log.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  local over = state.used + cost - rule.limit
  if over <= 0 then return 0 end
  local entry = redis.call('ZRANGEBYSCORE', key, '(' .. int(now - rule.window), '+inf',
    'WITHSCORES', 'LIMIT', over - 1, 1)
  return tonumber(entry[2]) + rule.window - now
end

function log.take(key, state, rule)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', int(now - rule.window))
  local stamp = int(now)
  local serial = redis.call('ZCARD', key)
  for _ = 1, rule.cost do
    -- A clock that stepped back may meet a member of the same name: then the next name is tried.
    while redis.call('ZADD', key, 'NX', stamp, stamp .. ':' .. serial) == 0 do
      serial = serial + 1
    end
    serial = serial + 1
  end
  redis.call('PEXPIRE', key, int(rule.window + 1000))
  state.used = state.used + rule.cost
end
`;

/**
 * sliding-window: the counts of this window and the one before it, which weighs by the part of it
 * that a window ending now still covers. The weighted count is rounded up: rounding down lets one
 * too many through at a window's edge.
 */
const SLIDING_WINDOW = `
local window = {}

function window.read(key, rule)
  local index = div(now, rule.window)
  local state = { index = index, elapsed = now - index * rule.window, current = 0, previous = 0, behind = 0 }
  local stored = redis.call('GET', key)
  if not stored then return state end
  local i, current, previous = string.match(stored, '^(%d+) (%d+) (%d+)$')
  i, current, previous = tonumber(i), tonumber(current), tonumber(previous)
  if i == index then
    state.current, state.previous = current, previous
  elseif i == index - 1 then
    state.previous = current
  elseif i > index then
    -- The clock stepped back. The stored window stays the current one, at its beginning, until
    -- the clock is there again: nobody is freed, and nobody waits longer than the step.
    state.index, state.elapsed, state.behind = i, 0, i * rule.window - now
    state.current, state.previous = current, previous
  end
  return state
end

-- What the weighted count leaves of room for, at this moment: negative where a limit was lowered.
function window.remaining(state, rule)
  local weight = state.previous * (rule.window - state.elapsed)
  return rule.limit - state.current - div(weight + rule.window - 1, rule.window)
end

function window.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  local w, e = rule.window, state.elapsed
  local room = rule.limit - cost - state.current
  if room >= 0 then
    if state.previous * (w - e) <= room * w then return 0 end
    return w - div(room * w, state.previous) - e + state.behind
  end
  return (w - e) + w - div((rule.limit - cost) * w, state.current) + state.behind
end

function window.take(key, state, rule)
  state.current = state.current + rule.cost
  redis.call('SET', key,
    string.format('%.0f %.0f %.0f', state.index, state.current, state.previous),
    'PX', int(2 * rule.window + 1000 + state.behind))
end
`;

const SETUP = `
local algorithms = { ['sliding-log'] = log, ['sliding-window'] = window }

local function rule_of(i)
  local at = 1 + (i - 1) * 4
  return {
    does = algorithms[ARGV[at + 1]],
    limit = tonumber(ARGV[at + 2]),
    window = tonumber(ARGV[at + 3]),
    cost = tonumber(ARGV[at + 4]),
  }
end
`;

const ALGORITHMS = ARITHMETIC + SLIDING_LOG + SLIDING_WINDOW + SETUP;

/**
 * KEYS: one for each limit. ARGV[1]: "take" or "peek"; then four for each limit: algorithm, limit,
 * window (ms), cost.
 * Answers { now, passed (1 or 0), and for each limit: remaining, wait, reset }. wait: milliseconds
 * until this cost has room, 0 when it has, -1 when it never will. reset: milliseconds until more
 * than `remaining` has room, 0 when nothing is taken.
 */
export function limitLua(clock: string): string {
  return [
    clock,
    ALGORITHMS,
    `
local rules, states, waits = {}, {}, {}
local passed = 1
for i, key in ipairs(KEYS) do
  local rule = rule_of(i)
  local state = rule.does.read(key, rule)
  local wait = rule.does.wait(key, state, rule, rule.cost)
  if wait ~= 0 then passed = 0 end
  rules[i], states[i], waits[i] = rule, state, wait
end

if passed == 1 and ARGV[1] == 'take' then
  for i, key in ipairs(KEYS) do
    rules[i].does.take(key, states[i], rules[i])
  end
end

local answer = { now, passed }
for i, key in ipairs(KEYS) do
  local rule, state = rules[i], states[i]
  local remaining = rule.does.remaining(state, rule)
  local reset = 0
  if remaining < rule.limit then
    reset = rule.does.wait(key, state, rule, math.max(remaining, 0) + 1)
  end
  answer[#answer + 1] = math.max(remaining, 0)
  answer[#answer + 1] = waits[i]
  answer[#answer + 1] = reset
end
return answer
`,
  ].join("");
}

/**
 * Gives back what one decision took. KEYS and ARGV as for the limit, but ARGV[1] is the time of the
 * decision (ms): an entry of another time is another request's. Answers the units given back.
 */
export function refundLua(clock: string): string {
  return [
    clock,
    ALGORITHMS,
    `
local taken = tonumber(ARGV[1])
local stamp = int(taken)
local given = 0

function log.refund(key, rule)
  local members = redis.call('ZRANGEBYSCORE', key, stamp, stamp, 'LIMIT', 0, rule.cost)
  for _, member in ipairs(members) do redis.call('ZREM', key, member) end
  return #members
end

function window.refund(key, rule)
  local stored = redis.call('GET', key)
  if not stored then return 0 end
  local i, current, previous = string.match(stored, '^(%d+) (%d+) (%d+)$')
  i, current, previous = tonumber(i), tonumber(current), tonumber(previous)
  local back = 0
  if div(taken, rule.window) >= i then
    back = math.min(rule.cost, current)
    current = current - back
  elseif div(taken, rule.window) == i - 1 then
    back = math.min(rule.cost, previous)
    previous = previous - back
  end
  if back > 0 then
    redis.call('SET', key, string.format('%.0f %.0f %.0f', i, current, previous), 'KEEPTTL')
  end
  return back
end

for i, key in ipairs(KEYS) do
  local rule = rule_of(i)
  given = given + rule.does.refund(key, rule)
end
return given
`,
  ].join("");
}

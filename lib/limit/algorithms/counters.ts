/**
 * What sliding-window and fixed-window keep, so that one can follow the other: "c", the number of
 * the window, its count, and the count of the window before.
 */
const COUNTERS = `
local counters = {}

function counters.fresh(rule)
  local index = div(now, rule.window)
  return { index = index, elapsed = now - index * rule.window, behind = 0, current = 0, previous = 0 }
end

local function parse_counters(text, rule)
  local i, current, previous = string.match(text or '', '^c (%d+) (%d+) (%d+)$')
  i, current, previous = whole(i), whole(current), whole(previous)
  -- A window that begins beyond what is exact is none of ours.
  if not i or not current or not previous or i * rule.window >= 2 ^ 53 then return nil end
  return i, current, previous
end

function counters.read(key, rule)
  local state = counters.fresh(rule)
  local text = text_of(key)
  if text == false then return state end
  local i, current, previous = parse_counters(text, rule)
  if not i then return nil end
  if i == state.index then
    state.current, state.previous = current, previous
  elseif i == state.index - 1 then
    state.previous = current
  elseif i > state.index then
    -- The clock stepped back. The stored window stays the current one, at its beginning, until
    -- the clock is there again: nobody is freed, and nobody waits longer than the step.
    state.behind = i * rule.window - now
    state.index, state.elapsed, state.current, state.previous = i, 0, current, previous
  end
  return state
end

function counters.take(key, state, rule)
  state.current = state.current + rule.cost
  redis.call('SET', key, string.format('c %.0f %.0f %.0f', state.index, state.current, state.previous),
    'PX', int(2 * rule.window + 1000 + state.behind))
end

function counters.refund(key, rule, taken)
  local i, current, previous = parse_counters(text_of(key), rule)
  if not i then return 0 end
  local from_previous, from_current = 0, 0
  if i <= div(now, rule.window) and div(taken, rule.window) == i - 1 then
    from_previous = math.min(rule.cost, previous)
  end
  -- Also what was taken in a window that had not begun: the clock stepped back, or it was adopted.
  if div(taken, rule.window) >= i - 1 then
    from_current = math.min(rule.cost - from_previous, current)
  end
  if from_previous + from_current > 0 then
    redis.call('SET', key,
      string.format('c %.0f %.0f %.0f', i, current - from_current, previous - from_previous), 'KEEPTTL')
  end
  return from_previous + from_current
end
`;

/**
 * sliding-window: the window before weighs by the part of it that a window ending now still covers.
 * The weighted count is rounded up: rounding down lets one too many through at a window's edge.
 */
const SLIDING_WINDOW = `
local sliding = { read = counters.read, take = counters.take, refund = counters.refund }

function sliding.used(state, rule)
  local weight = state.previous * (rule.window - state.elapsed)
  return state.current + div(weight + rule.window - 1, rule.window)
end

function sliding.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  local w, e = rule.window, state.elapsed
  local room = rule.limit - cost - state.current
  if room >= 0 then
    if state.previous * (w - e) <= room * w then return 0 end
    return w - div(room * w, state.previous) - e + state.behind
  end
  return (w - e) + w - div((rule.limit - cost) * w, state.current) + state.behind
end

function sliding.adopt(rule, units)
  local state = counters.fresh(rule)
  state.current = units
  return state
end
`;

/**
 * fixed-window: the count of this window alone, which begins anew at each multiple of its length. What
 * another algorithm counted goes on counting to the end of the next window: this one may be over at
 * once, and a bucket that is full again says nothing of what it gave in it.
 */
const FIXED_WINDOW = `
local fixed = { read = counters.read, take = counters.take, refund = counters.refund }

function fixed.used(state)
  return state.current
end

function fixed.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  if state.current + cost <= rule.limit then return 0 end
  return rule.window - state.elapsed + state.behind
end

function fixed.adopt(rule, units)
  local state = counters.fresh(rule)
  state.index, state.behind = state.index + 1, rule.window - state.elapsed
  state.elapsed, state.current = 0, units
  return state
end
`;

export const WINDOWS = COUNTERS + SLIDING_WINDOW + FIXED_WINDOW;

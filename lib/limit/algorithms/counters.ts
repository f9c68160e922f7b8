/**
 * What sliding-window and fixed-window keep, so that one can follow the other: "c", the number of
 * the window, its count, and the count of the window before. The key lives two windows from the first
 * take in the window: what is written in it later keeps its time to live, and the texts that it read.
 *
 * What is not exact is none of ours, and neither is a window that begins beyond it. Where the clock
 * stepped back, the stored window stays the current one, at its beginning, until the clock is there
 * again: nobody is freed, and nobody waits longer than the step. Given back is also what was taken in
 * a window that had not begun, for that reason or because it was adopted.
 */
const BASE = `
local counters = {}

local function state_in(index, rule, current, previous, i_text, p_text)
  return {
    index = index, elapsed = now - index * rule.window, behind = 0,
    current = current, previous = previous, i_text = i_text, p_text = p_text,
  }
end

local function parse_counters(text, rule)
  local i_text, c_text, p_text = match(text, '^c (%d+) (%d+) (%d+)$')
  if not i_text then return nil end
  local i, current, previous = tonumber(i_text) + 0.0, tonumber(c_text) + 0.0, tonumber(p_text) + 0.0
  if i * rule.window >= 2 ^ 53 or current >= 2 ^ 53 or previous >= 2 ^ 53 then return nil end
  return i, current, previous, i_text, p_text
end

function counters.read(key, rule)
  local index = floor(now / rule.window)
  local text = text_of(key)
  if not text then return state_in(index, rule, 0, 0) end
  local i, current, previous, i_text, p_text = parse_counters(text, rule)
  if not i then return nil end
  if i == index then return state_in(i, rule, current, previous, i_text, p_text) end
  if i == index - 1 then return state_in(index, rule, 0, current) end
  if i < index then return state_in(index, rule, 0, 0) end
  local state = state_in(i, rule, current, previous, i_text, p_text)
  state.behind, state.elapsed = i * rule.window - now, 0
  return state
end

function counters.take(key, state, rule)
  state.current = state.current + rule.cost
  if state.i_text then
    call('SET', key, 'c ' .. state.i_text .. ' ' .. int(state.current) .. ' ' .. state.p_text, 'KEEPTTL')
  else
    call('SET', key, format('c %.0f %.0f %.0f', state.index, state.current, state.previous),
      'PX', int(2 * rule.window + 1000 + state.behind))
  end
end
`;

const REFUND = `
function counters.refund(key, rule, taken)
  local i, current, previous = parse_counters(text_of(key) or '', rule)
  if not i then return 0 end
  local from_previous, from_current = 0, 0
  if i <= floor(now / rule.window) and floor(taken / rule.window) == i - 1 then
    from_previous = math.min(rule.cost, previous)
  end
  if floor(taken / rule.window) >= i - 1 then
    from_current = math.min(rule.cost - from_previous, current)
  end
  if from_previous + from_current > 0 then
    call('SET', key, format('c %.0f %.0f %.0f', i, current - from_current, previous - from_previous), 'KEEPTTL')
  end
  return from_previous + from_current
end
`;

export const COUNTERS = { base: BASE, adopt: "", refund: REFUND };

/**
 * fixed-window: the count of this window alone, which begins anew at each multiple of its length. What
 * another algorithm counted goes on counting to the end of the next window: this one may be over at
 * once, and a bucket that is full again says nothing of what it gave in it.
 */
export const FIXED_WINDOW = {
  base: `
local fixed = { read = counters.read, take = counters.take }

function fixed.used(state)
  return state.current
end

function fixed.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  if state.current + cost <= rule.limit then return 0 end
  return rule.window - state.elapsed + state.behind
end
`,
  adopt: `
function fixed.adopt(rule, units)
  local state = state_in(floor(now / rule.window) + 1, rule, units, 0)
  state.behind, state.elapsed = -state.elapsed, 0
  return state
end
`,
  refund: "\nfixed.refund = counters.refund\n",
};

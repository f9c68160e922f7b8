/**
 * token-bucket: `limit` tokens that refill evenly, all of them in one window; a request takes its
 * cost. Kept as what is missing: "b", a time, the level (units × window, so that it is whole: it
 * falls by `limit` each millisecond), and that limit. What part of
 * the bucket is missing stays the same when the limit is raised or lowered.
 */
export const TOKEN_BUCKET = `
local bucket = {}

-- A level of another limit, rounded up; / is inexact but never above what is missing in whole.
local function rescaled(level, from, to)
  if from == to then return level end
  local whole = div(level, from)
  local rest = level - whole * from
  return whole * to + math.min(to, math.ceil(rest * (to / from)))
end

function bucket.read(key, rule)
  local text = text_of(key)
  if text == false then return { at = now, behind = 0, level = 0, rate = rule.limit } end
  local at, level, rate = string.match(text or '', '^b (%d+) (%d+) (%d+)$')
  if not at then return nil end
  at, level, rate = tonumber(at), tonumber(level), tonumber(rate)
  -- For another algorithm the units count that are missing, and they come back as they did.
  if rule.does == bucket then
    level, rate = rescaled(level, rate, rule.limit), rule.limit
  end
  if at > now then return { at = at, behind = at - now, level = level, rate = rate } end
  -- Asked before it is reckoned, for a product with a long pause would not be exact.
  if (now - at) >= div(level, rate) + 1 then level = 0 end
  return { at = now, behind = 0, level = math.max(0, level - (now - at) * rate), rate = rate }
end

function bucket.used(state, rule)
  return div(state.level + rule.window - 1, rule.window)
end

function bucket.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  local over = state.level - (rule.limit - cost) * rule.window
  if over <= 0 then return 0 end
  return div(over + state.rate - 1, state.rate) + state.behind
end

function bucket.adopt(rule, units)
  return { at = now, behind = 0, level = units * rule.window, rate = rule.limit }
end

function bucket.take(key, state, rule)
  state.level = state.level + rule.cost * rule.window
  redis.call('SET', key, string.format('b %.0f %.0f %.0f', state.at, state.level, rule.limit),
    'PX', int(rule.window + 1000 + state.behind))
end

-- What has refilled since is not given back again.
function bucket.refund(key, rule)
  local state = text_of(key) and bucket.read(key, rule)
  if not state or state.level == 0 then return 0 end
  local back = math.min(rule.cost, bucket.used(state, rule))
  state.level = math.max(0, state.level - back * rule.window)
  redis.call('SET', key, string.format('b %.0f %.0f %.0f', state.at, state.level, rule.limit), 'KEEPTTL')
  return back
end
`;

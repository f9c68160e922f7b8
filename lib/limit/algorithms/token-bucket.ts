/**
 * token-bucket: `limit` tokens that refill evenly, all of them in one window; a request takes its
 * cost. Kept as what was missing at the last take: "b", that time, and the level, which is units ×
 * window, so that it is whole and falls by `limit` each millisecond. A window after the last take
 * nothing is missing, also where the limit was lowered since; then nothing is given back either, for
 * what is missing is others'.
 */
export const TOKEN_BUCKET = {
  base: `
local bucket = {}

local function parse_bucket(text)
  local at, level = match(text, '^b (%d+) (%d+)$')
  if not at then return nil end
  return whole(at), whole(level)
end

function bucket.read(key, rule)
  local text = text_of(key)
  if not text then return { at = now, behind = 0, level = 0, left = rule.window } end
  local at, level = parse_bucket(text)
  if not at or not level then return nil end
  if at > now then return { at = at, behind = at - now, level = level, left = rule.window } end
  local left = at + rule.window - now
  if left <= 0 then level = 0 end
  return { at = now, behind = 0, level = math.max(0, level - (now - at) * rule.limit), left = left }
end

function bucket.used(state, rule)
  return floor((state.level + rule.window - 1) / rule.window)
end

function bucket.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  local over = state.level - (rule.limit - cost) * rule.window
  if over <= 0 then return 0 end
  return math.min(state.left, floor((over + rule.limit - 1) / rule.limit)) + state.behind
end

function bucket.take(key, state, rule)
  state.level = state.level + rule.cost * rule.window
  state.left = rule.window
  call('SET', key, format('b %.0f %.0f', state.at, state.level),
    'PX', int(rule.window + 1000 + state.behind))
end
`,
  adopt: `
function bucket.adopt(rule, units)
  return { at = now, behind = 0, level = units * rule.window, left = rule.window }
end
`,
  refund: `
function bucket.refund(key, rule, taken)
  local at, level = parse_bucket(text_of(key) or '')
  if not at or not level or now - taken >= rule.window then return 0 end
  local back = math.min(rule.cost, bucket.used(bucket.read(key, rule), rule))
  if back == 0 then return 0 end
  call('SET', key, format('b %.0f %.0f', at, math.max(0, level - back * rule.window)), 'KEEPTTL')
  return back
end
`,
};

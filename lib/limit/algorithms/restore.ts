/**
 * How each algorithm adds what was counted elsewhere: restore[algorithm](key, state, rule, taken),
 * where taken is a list of { age (ms), units }, oldest first, none of it a window old. rule.cost is 0.
 *
 * Where the store has counted, too, meanwhile, what is added is never less than both would have come to
 * in one place:
 * - a shifted window of fixed-window takes all of it;
 * - a bucket keeps the level at its last take alone. What was taken later refills together with that
 *   level. What was taken earlier is added to it whole, since the bucket may not have been full once
 *   since.
 */
export const RESTORE = `
local restore = {}

restore[log] = function(key, state, rule, taken)
  log.take(key, state, rule)
  for _, each in ipairs(taken) do log.enter(key, now - each.age, each.units, call('ZCARD', key)) end
  call('PEXPIRE', key, int(rule.window + 1000))
end

local function into_counters(key, state, rule, taken)
  state.i_text = nil
  for _, each in ipairs(taken) do
    if state.start or each.age <= state.elapsed then
      state.current = state.current + each.units
    else
      state.previous = state.previous + each.units
    end
  end
  rule.does.take(key, state, rule)
end
restore[sliding], restore[fixed] = into_counters, into_counters

restore[bucket] = function(key, state, rule, taken)
  local last, level = state.last, state.missing
  for _, each in ipairs(taken) do
    local time = math.max(last, now - each.age)
    level = level_at(time, last, level, rule) + each.units * rule.window
    last = time
  end
  state.level = level_at(now, last, level, rule)
  bucket.take(key, state, rule)
end
`;

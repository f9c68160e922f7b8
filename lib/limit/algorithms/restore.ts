/**
 * How each algorithm adds what was counted elsewhere: restore[algorithm](key, state, rule, taken),
 * where taken is a list of { age (ms), units }, none of it a window old. rule.cost is 0. To a bucket it adds what would be
 * missing now of one that was full, and from which this was taken.
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
    if each.age <= state.elapsed then
      state.current = state.current + each.units
    else
      state.previous = state.previous + each.units
    end
  end
  counters.take(key, state, rule)
end
restore[sliding], restore[fixed] = into_counters, into_counters

restore[bucket] = function(key, state, rule, taken)
  local level, age = 0, rule.window
  for _, each in ipairs(taken) do
    level = math.max(0, level - (age - each.age) * rule.limit) + each.units * rule.window
    age = each.age
  end
  state.level = state.level + math.max(0, level - age * rule.limit)
  bucket.take(key, state, rule)
end
`;

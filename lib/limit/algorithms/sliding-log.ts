/**
 * sliding-log: a sorted set with one member for each unit of cost, scored by its time. An entry of
 * time s counts at now while now < s + window. The algorithm of the seed, settled in one script.
 * A wait lasts until the entry is gone that has to go last. Of a refund, an entry of another time is
 * another request's, and one that is a window old counts no more.
 */
export const SLIDING_LOG = `
local log = {}

function log.read(key, rule)
  local used = redis.pcall('ZCOUNT', key, '(' .. int(now - rule.window), '+inf')
  if type(used) == 'table' then return nil end
  return { used = used, adopted = 0 }
end

function log.used(state)
  return state.used
end

function log.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  local over = state.used + cost - rule.limit
  if over <= 0 then return 0 end
  local entry = redis.call('ZRANGEBYSCORE', key, '(' .. int(now - rule.window), '+inf',
    'WITHSCORES', 'LIMIT', over - 1, 1)
  return whole(entry[2]) + rule.window - now
end

function log.adopt(rule, units)
  return { used = units, adopted = units, replaces = true }
end

function log.enter(key, time, units)
  local stamp = int(time)
  local serial = redis.call('ZCARD', key)
  for _ = 1, units do
    -- A clock that stepped back may meet a member of the same name: then the next name is tried.
    while redis.call('ZADD', key, 'NX', stamp, stamp .. ':' .. serial) == 0 do
      serial = serial + 1
    end
    serial = serial + 1
  end
end

function log.take(key, state, rule)
  if state.replaces then
    redis.call('DEL', key)
  else
    redis.call('ZREMRANGEBYSCORE', key, '-inf', int(now - rule.window))
  end
  log.enter(key, now, state.adopted + rule.cost)
  redis.call('PEXPIRE', key, int(rule.window + 1000))
  state.used = state.used + rule.cost
end

function log.refund(key, rule, taken)
  if taken <= now - rule.window then return 0 end
  local members = redis.pcall('ZRANGEBYSCORE', key, int(taken), int(taken), 'LIMIT', 0, rule.cost)
  if members.err then return 0 end
  for _, member in ipairs(members) do redis.call('ZREM', key, member) end
  return #members
end
`;

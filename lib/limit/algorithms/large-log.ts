import type { LuaForm } from "./definition.ts";
import { LOG_REFUND, MOST, STAMPS } from "./packed-log.ts";

/**
 * The log as a sorted set, for limits whose packed log would be long: one member per unit, with its time as
 * the score. The set has `kept` members, of which `count` count. `stamps` is a list of times while the whole
 * state must still be written, and nil otherwise.
 *
 * A member with a new time keeps the name of its first time. So when the clock reaches that time again, a
 * member of that name may exist, and the next name is tried.
 */
export const LARGE_LOG: LuaForm = {
  name: "large-log",
  isSet: true,
  state: "count, kept, stamps",
  functions: `${STAMPS}
local function enter(key, time, units, serial)
  local t = format('%.0f', time)
  for _ = 1, units do
    while call('ZADD', key, 'NX', t, t .. ':' .. format('%.0f', serial)) == 0 do serial = serial + 1 end
    serial = serial + 1
  end
end`,
  read: `
if text and text ~= '' then return 0 end
kept, count = pcall('ZCARD', key), 0
if type(kept) == 'table' then return 0 end
if kept > 0 then count = call('ZCOUNT', key, '(' .. format('%.0f', now - w), format('%.0f', now)) end
if kept > count then
  local later = call('ZCOUNT', key, '(' .. format('%.0f', now), '+inf')
  count, ahead = count + later, later > 0
end`,
  used: "count",
  wait: `min(now, tonumber(call('ZRANGEBYSCORE', key, '(' .. format('%.0f', now - w), '+inf',
  'WITHSCORES', 'LIMIT', count + cost - limit - 1, 1)[2]) + 0.0) + w - now`,
  take: `
if ahead then
  for _, member in ipairs(call('ZRANGEBYSCORE', key, '(' .. format('%.0f', now), '+inf')) do
    call('ZADD', key, format('%.0f', now), member)
  end
end
if stamps then
  call('DEL', key)
  for j, time in ipairs(stamps) do enter(key, time, 1, j) end
elseif kept > count then
  call('ZREMRANGEBYSCORE', key, '-inf', format('%.0f', now - w))
end
local units = min(cost, ${MOST})
enter(key, now, units, count)
count, stamps = count + units, nil
if count > ${MOST} then
  call('ZREMRANGEBYRANK', key, 0, format('%.0f', count - ${MOST} - 1))
  count = ${MOST}
end
kept = count
call('PEXPIRE', key, format('%.0f', w + 1000))`,
  adopt: `
stamps, kept = {}, 0
if keeper == forms['sliding-log'] then
  local s, n, first = unpack(rule.from, 3, 5)
  for j = first, n do stamps[j - first + 1] = at(s, j) end
else
  for j = 1, min(units, ${MOST}) do stamps[j] = now end
end
count = #stamps`,
  refund: LOG_REFUND,
  restore: `
for _, each in ipairs(added) do
  local time, units = now - each.age, min(each.units, ${MOST})
  if stamps then
    for _ = 1, units do stamps[#stamps + 1] = time end
  else
    enter(key, time, units, count)
    kept = kept + units
  end
  count = count + units
end`,
};

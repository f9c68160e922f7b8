import type { LuaForm } from "./definition.ts";

/**
 * The largest limit whose log is packed. A full packed log of 700 costs Redis as much time as a sorted set, one
 * of 500 a sixth less. Each check writes the whole packed log.
 */
export const PACKED_UP_TO = 500;

/**
 * Returns the most units that a log keeps: the newest. A check never consumes more than the limit; only
 * reports and changed limits exceed it. The dropped units would count again only if the limit were raised
 * before they are a window old.
 */
export const mostUnits = (limit: number): number => 2 * limit + 1000;

/** The same in Lua. */
export const MOST = "(2 * limit + 1000)";

/**
 * A stamp is a time in ms as six characters, base 127, each 1 to 127. Stamps sort as text in the order of
 * time, and contain no zero byte and only ASCII. 127^6 ms reach the year 2102.
 * - at(s, i): the i-th stamp of a log as a number
 * - stamp(t): a time as six characters
 * - after(s, n, t): the index of the first of n stamps that is later than t; n + 1 if no stamp is
 *
 * 33300578688 is the sum in at() for six characters of 1. A stamp is made of two halves below 127^3.
 */
export const STAMPS = `
local function at(s, i)
  local a, b, c, d, e, f = byte(s, 6 * i - 4, 6 * i + 1)
  return ((((a * 127 + b) * 127 + c) * 127 + d) * 127 + e) * 127 + f - 33300578688.0
end
local function stamp(t)
  local lo = t % 2048383
  local hi = (t - lo) / 2048383
  return char(floor(hi / 16129) + 1, floor(hi / 127) % 127 + 1, hi % 127 + 1, floor(lo / 16129) + 1, floor(lo / 127) % 127 + 1, lo % 127 + 1)
end
local function after(s, n, t)
  local lo, hi = 1, n + 1
  while lo < hi do
    local mid = floor((lo + hi) / 2)
    if at(s, mid) <= t then lo = mid + 1 else hi = mid end
  end
  return lo
end`;

/**
 * The refund of both forms, because a key has the form of the limit that was last written. Stamps of the same
 * time are equal, so a decision is refunded as many as it consumed, or as many as are left.
 */
export const LOG_REFUND = `
if text and byte(text) == 76 and #text % 6 == 1 and taken > now - w then
  local n = (#text - 1) / 6
  local from, to = after(text, n, taken - 1), after(text, n, taken)
  back = min(cost, to - from)
  if back == n then call('DEL', key)
  elseif back > 0 then
    call('SET', key, sub(text, 1, 6 * from - 5) .. sub(text, 6 * (from + back) - 4), 'KEEPTTL')
  end
elseif text == '' and taken > now - w then
  local time = format('%.0f', taken)
  local members = pcall('ZRANGEBYSCORE', key, time, time, 'LIMIT', 0, cost)
  if not members.err then
    for _, member in ipairs(members) do call('ZREM', key, member) end
    back = #members
  end
end`;

/**
 * The log as one text: "L", and a stamp for each unit, oldest first. It has n stamps, and those from index
 * `first` on count. Each write drops the stamps that no longer count.
 */
export const PACKED_LOG: LuaForm & { readonly name: "sliding-log" } = {
  name: "sliding-log",
  state: "s, n, first",
  functions: STAMPS,
  read: `
s, n, first = text or 'L', 0, 1
if byte(s) ~= 76 or #s % 6 ~= 1 then return 0 end
n = (#s - 1) / 6
if n > 0 then
  if at(s, n) > now then
    local p = after(s, n, now)
    s, ahead = sub(s, 1, 6 * p - 5) .. rep(stamp(now), n - p + 1), true
  end
  if at(s, 1) <= now - w then first = after(s, n, now - w) end
end`,
  used: "n - first + 1",
  wait: "at(s, n + cost - limit) + w - now",
  take: `
local units = cost
if n - first + 1 + cost > limit then
  units = min(cost, ${MOST})
  first = max(first, n + units + 1 - ${MOST})
end
if first > 1 then s = 'L' .. sub(s, 6 * first - 4) end
if units == 1 then s = s .. stamp(now) elseif units > 1 then s = s .. rep(stamp(now), units) end
n, first = n - first + 1 + units, 1
if n > 0 then call('SET', key, s, 'PX', format('%.0f', w + 1000)) else call('DEL', key) end`,
  adopt: `
n, first = min(units, ${MOST}), 1
s = 'L' .. rep(stamp(now), n)
if keeper == forms['large-log'] then
  local all = call('ZRANGEBYSCORE', key, '(' .. format('%.0f', now - w), '+inf', 'WITHSCORES')
  local stamps = { 'L' }
  for j = 2, #all, 2 do stamps[j / 2 + 1] = stamp(min(now, tonumber(all[j]))) end
  n = #stamps - 1
  s = table.concat(stamps)
end`,
  refund: LOG_REFUND,
  restore: `
for _, each in ipairs(added) do
  local time, units = now - each.age, min(each.units, ${MOST})
  local p = after(s, n, time)
  s = sub(s, 1, 6 * p - 5) .. rep(stamp(time), units) .. sub(s, 6 * p - 4)
  n = n + units
end`,
};

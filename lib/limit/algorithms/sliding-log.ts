import type { AlgorithmDefinition } from "./definition.ts";
import { type AlgorithmReference, unitsOf } from "./reference.ts";

/**
 * sliding-log: a sorted set with one member for each unit of cost, scored by its time. An entry of
 * time s counts at now while now < s + window. One script does it.
 * A wait lasts until the entry that has to go last is gone: a whole window where all was taken just
 * now (state.new). A refund removes entries of the decision's very time while they count.
 *
 * Entries in the future were made before the clock stepped back (`ahead`: how many): they count as made
 * now, and the next write stamps them so. An entry keeps the name of its first time, so when the clock
 * comes there again a member of that name may exist: then the next name is tried.
 */
export const SLIDING_LOG: AlgorithmDefinition<"sliding-log"> = {
  name: "sliding-log",
  table: "log",
  // Up to here every entry is kept, which is exact; above, two counters, which are small.
  defaultUpTo: 100,
  // Each entry costs Redis memory, and a client may have as many as the limit.
  largestLimit: 10_000,
  base: `
local log = {}

function log.read(key, rule)
  local kept = pcall('ZCARD', key)
  if type(kept) == 'table' then return nil end
  local used, ahead = 0, 0
  if kept > 0 then used = call('ZCOUNT', key, '(' .. int(now - rule.window), int(now)) end
  if kept > used then ahead = call('ZCOUNT', key, '(' .. int(now), '+inf') end
  return { used = used + ahead, ahead = ahead > 0, adopted = 0, kept = kept }
end

function log.used(state)
  return state.used
end

function log.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  local over = state.used + cost - rule.limit
  if over <= 0 then return 0 end
  if state.new == state.used then return rule.window end
  local entry = call('ZRANGEBYSCORE', key, '(' .. int(now - rule.window), '+inf',
    'WITHSCORES', 'LIMIT', over - 1, 1)
  return math.min(whole(entry[2]), now) + rule.window - now
end

function log.enter(key, time, units, serial)
  local stamp = int(time)
  for _ = 1, units do
    while call('ZADD', key, 'NX', stamp, stamp .. ':' .. serial) == 0 do
      serial = serial + 1
    end
    serial = serial + 1
  end
end

local function stamp_anew(key)
  for _, member in ipairs(call('ZRANGEBYSCORE', key, '(' .. int(now), '+inf')) do
    call('ZADD', key, int(now), member)
  end
end

function log.take(key, state, rule)
  if state.ahead then stamp_anew(key) end
  if state.replaces then
    call('DEL', key)
    state.kept = 0
  elseif state.kept > state.used then
    call('ZREMRANGEBYSCORE', key, '-inf', int(now - rule.window))
    state.kept = state.used
  end
  state.new = state.adopted + rule.cost
  log.enter(key, now, state.new, state.kept)
  call('PEXPIRE', key, int(rule.window + 1000))
  state.used = state.used + rule.cost
end
`,
  adopt: `
function log.adopt(rule, units)
  return { used = units, adopted = units, replaces = true, kept = 0 }
end
`,
  refund: `
function log.refund(key, rule, taken)
  if taken <= now - rule.window then return 0 end
  local members = pcall('ZRANGEBYSCORE', key, int(taken), int(taken), 'LIMIT', 0, rule.cost)
  if members.err then return 0 end
  for _, member in ipairs(members) do call('ZREM', key, member) end
  return #members
end
`,
  restore: `
function log.restore(key, state, rule, taken)
  log.take(key, state, rule)
  for _, each in ipairs(taken) do log.enter(key, now - each.age, each.units, call('ZCARD', key)) end
  call('PEXPIRE', key, int(rule.window + 1000))
end
`,
  // "l", and the time of each unit, in their order.
  memory: {
    kinds: "l",
    read: ({ numbers }, { windowMs, now }) => ({
      kind: "l",
      numbers: numbers.filter((at) => at > now - windowMs).map((at) => Math.min(at, now)),
      ahead: (numbers.at(-1) ?? 0) > now,
    }),
    used: ({ numbers }) => numbers.length,
    wait: ({ numbers }, { limit, windowMs, now }, cost) =>
      (numbers[numbers.length + cost - limit - 1] ?? 0) + windowMs - now,
    add(state, { windowMs, now }, units, ageMs) {
      const added = Array.from({ length: units }, () => now - ageMs);
      const all = state.numbers.concat(added);
      state.numbers = ageMs > 0 ? all.toSorted((a, b) => a - b) : all;
      state.until = now + windowMs + 1000;
    },
    refund(kept, { windowMs, cost, now }, takenAt) {
      if (takenAt <= now - windowMs) return 0;
      const before = kept.numbers.length;
      let left = cost;
      kept.numbers = kept.numbers.filter((at) => at !== takenAt || (left -= 1) < 0);
      return before - kept.numbers.length;
    },
  },
};

/** @public Tests and the tables of the documentation read it by the file's name. */
export const REFERENCE: AlgorithmReference = {
  used: (admitted, { windowMs }, now) =>
    unitsOf(admitted, ({ at }) => at > now - windowMs && at <= now),
  mostInAWindow: (limit) => limit,
  billed: { EVALSHA: 1, TIME: 1, ZCARD: 1, ZCOUNT: 1, ZADD: 1, PEXPIRE: 1, ZRANGEBYSCORE: 1 },
  words: {
    keeps: "one entry of a sorted set for each unit",
    mostInAWindow: "L",
    memory: "at most L entries",
    comesBack: "as each entry grows old",
    billedMore: "one more for each unit of cost above 1",
    refunds: "the decision's units, until they are a window old",
  },
};

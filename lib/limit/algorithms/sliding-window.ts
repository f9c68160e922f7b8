import { addToCounters, COUNTERS, readCounters, refundCounters } from "./counters.ts";
import type { AlgorithmDefinition } from "./definition.ts";
import { type AlgorithmReference, unitsOf } from "./reference.ts";

/**
 * sliding-window: the window before weighs by the part of it that a window ending now still covers.
 * The weighted count is rounded up: rounding down lets one too many through at a window's edge.
 * w is the window's length, elapsed what is over of it; both in milliseconds.
 */
const FORMULAS = `
local function sliding_used(w, elapsed, current, previous)
  if previous == 0 then return current end
  return current + floor((previous * (w - elapsed) + w - 1) / w)
end

local function sliding_wait(w, elapsed, current, previous, limit, cost)
  if cost > limit then return -1 end
  local room = limit - cost - current
  if room >= 0 then
    if previous * (w - elapsed) <= room * w then return 0 end
    return w - floor(room * w / previous) - elapsed
  end
  return 2 * w - elapsed - floor((limit - cost) * w / current)
end
`;

export const SLIDING_WINDOW: AlgorithmDefinition<"sliding-window"> = {
  name: "sliding-window",
  table: "sliding",
  // No limit is larger.
  defaultUpTo: 2 ** 53,
  shared: COUNTERS,
  base: `${FORMULAS}
local sliding = { read = counters.read, take = counters.take }

function sliding.used(state, rule)
  return sliding_used(rule.window, state.elapsed, state.current, state.previous)
end

function sliding.wait(key, state, rule, cost)
  return sliding_wait(rule.window, state.elapsed, state.current, state.previous, rule.limit, cost)
end
`,
  adopt: `
function sliding.adopt(rule, units)
  return state_in(floor(now / rule.window), rule, units, 0)
end
`,
  refund: `
function sliding.refund(key, rule, taken)
  return counters.refund(key, rule, taken, true)
end
`,
  restore: `
sliding.restore = counters.restore
`,
  script: slidingWindowLua,
  memory: {
    kinds: "c",
    read: readCounters,
    used({ numbers: [index = 0, current = 0, previous = 0] }, { windowMs, now }) {
      return current + Math.ceil((previous * ((index + 1) * windowMs - now)) / windowMs);
    },
    wait({ numbers: [index = 0, current = 0, previous = 0] }, { limit, windowMs, now }, cost) {
      const left = (index + 1) * windowMs - now;
      const free = limit - cost - current;
      if (free >= 0) return left - Math.floor((free * windowMs) / previous);
      return left + windowMs - Math.floor(((limit - cost) * windowMs) / current);
    },
    add: addToCounters,
    refund: (kept, moment, takenAt) => refundCounters(kept, moment, takenAt, true),
  },
};

/** @public Tests and the tables of the documentation read it by the file's name. */
export const REFERENCE: AlgorithmReference = {
  used: (admitted, { windowMs }, now) => {
    const index = Math.floor(now / windowMs);
    const elapsed = now - index * windowMs;
    const current = unitsOf(admitted, ({ at }) => Math.floor(at / windowMs) === index);
    const previous = unitsOf(admitted, ({ at }) => Math.floor(at / windowMs) === index - 1);
    return current + Math.ceil((previous * (windowMs - elapsed)) / windowMs);
  },
  mostInAWindow: (limit) => 2 * limit - 1,
  billed: { EVALSHA: 1, TIME: 1, GET: 1, SET: 1 },
  words: {
    keeps: "window number, its count, the count before",
    mostInAWindow: "2L − 1",
    memory: "one small text",
    comesBack: "little by little",
    refunds: "the decision's units, while its window or the one after it is the current one",
  },
};

/**
 * The limit script for the commonest case, written out so that Redis has less to do: every limit is a
 * sliding-window and decides, and every key is one of its own, written by a clock that has not
 * stepped back since. KEYS, ARGV and the answer are the limit script's, and so is what it does. In any
 * other case it writes nothing and answers 0: then the limit script decides.
 */
function slidingWindowLua(clock: string): string {
  return `${clock}
local call, floor, format, tonumber = redis.call, math.floor, string.format, tonumber
${FORMULAS}
local limits, passed = {}, true
for i = 1, #KEYS do
  local limit, w, cost = tonumber(ARGV[5 * i - 2]) + 0.0, tonumber(ARGV[5 * i - 1]) + 0.0, tonumber(ARGV[5 * i]) + 0.0
  local index = floor(now / w)
  local elapsed, current, previous, i_text, p_text = now - index * w, 0, 0, nil, nil
  local text = redis.pcall('GET', KEYS[i])
  if text then
    if type(text) == 'table' then return 0 end
    local read_i, read_c, read_p = string.match(text, '^c (%d+) (%d+) (%d+)$')
    local i = tonumber(read_i)
    if not i or i > index or #read_c + #read_p > 15 then return 0 end
    if i == index then
      current, previous, i_text, p_text = tonumber(read_c) + 0.0, tonumber(read_p) + 0.0, read_i, read_p
    elseif i == index - 1 then
      previous = tonumber(read_c) + 0.0
    end
  end
  local wait = sliding_wait(w, elapsed, current, previous, limit, cost)
  passed = passed and wait == 0
  limits[i] = { limit, w, cost, index, elapsed, current, previous, wait, i_text, p_text }
end

local answer = { now, passed and 1 or 0 }
for i = 1, #KEYS do
  local limit, w, cost, index, elapsed, current, previous, wait, i_text, p_text = unpack(limits[i], 1, 10)
  if passed or ARGV[1] == 'report' then
    current = current + cost
    if i_text then
      call('SET', KEYS[i], 'c ' .. i_text .. ' ' .. format('%.0f', current) .. ' ' .. p_text, 'KEEPTTL')
    else
      call('SET', KEYS[i], format('c %.0f %.0f %.0f', index, current, previous), 'PX', format('%.0f', 2 * w + 1000))
    end
  end
  local remaining = math.max(0, limit - sliding_used(w, elapsed, current, previous))
  local reset = 0
  if remaining < limit then reset = sliding_wait(w, elapsed, current, previous, limit, remaining + 1) end
  answer[3 * i], answer[3 * i + 1], answer[3 * i + 2] = remaining, wait, reset
end
return answer
`;
}

import type { LuaParts, MemoryState, Moment } from "./definition.ts";

/**
 * What sliding-window and fixed-window both keep, so that either can continue from what the other
 * counted: "c", the number of the window, its count, and the count of the window before it. Windows
 * begin at multiples of their length. The key lives two windows from the first take in a window; a
 * later write in the same window keeps the time to live and the texts that were read.
 *
 * A count that is not exact, or whose window begins at 2^53 ms or later, cannot be Headgate's.
 *
 * A state in a window that has not begun was written before the clock stepped back. All its units then
 * count as taken now, in the window of now (`ahead`: the units of its last window alone).
 */
const BASE = `
local counters = {}

local function state_in(index, rule, current, previous, i_text, p_text)
  return {
    index = index, elapsed = now - index * rule.window,
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

local function counters_in(text, rule)
  local index = floor(now / rule.window)
  if not text then return state_in(index, rule, 0, 0) end
  local i, current, previous, i_text, p_text = parse_counters(text, rule)
  if not i then return nil end
  if i == index then return state_in(i, rule, current, previous, i_text, p_text) end
  if i == index - 1 then return state_in(index, rule, 0, current) end
  if i < index then return state_in(index, rule, 0, 0) end
  local state = state_in(index, rule, math.min(current + previous, floor(2 ^ 53 / rule.window)), 0)
  state.ahead = current
  return state
end

function counters.read(key, rule)
  return counters_in(text_of(key), rule)
end

function counters.take(key, state, rule)
  state.current = state.current + rule.cost
  if state.i_text then
    call('SET', key, 'c ' .. state.i_text .. ' ' .. int(state.current) .. ' ' .. state.p_text, 'KEEPTTL')
  else
    call('SET', key, format('c %.0f %.0f %.0f', state.index, state.current, state.previous),
      'PX', int(2 * rule.window + 1000))
  end
end
`;

/**
 * counters.refund gives units back to the window in which they were taken, while that window counts:
 * the current one, and where `weighs` the one before it. A decision of a time that is still to come was
 * made before the clock stepped back; once its units were stamped anew, which of the present ones are
 * its own cannot be told.
 */
const REFUND = `
function counters.refund(key, rule, taken, weighs)
  local i, current, previous = parse_counters(text_of(key) or '', rule)
  if not i then return 0 end
  local index, mine = floor(now / rule.window), floor(taken / rule.window)
  if taken > now and i <= index then return 0 end
  local back = 0
  if mine == i and (i >= index or weighs and i == index - 1) then
    back = math.min(rule.cost, current)
    current = current - back
  elseif mine == i - 1 and i >= index and weighs then
    back = math.min(rule.cost, previous)
    previous = previous - back
  end
  if back > 0 then call('SET', key, format('c %.0f %.0f %.0f', i, current, previous), 'KEEPTTL') end
  return back
end
`;

/**
 * A shifted window of fixed-window takes all that was counted meanwhile. Otherwise each unit goes to the
 * window in which it was taken.
 */
const RESTORE = `
function counters.restore(key, state, rule, taken)
  state.i_text, state.is_kept = nil, nil
  for _, each in ipairs(taken) do
    local count = (state.start or each.age <= state.elapsed) and 'current' or 'previous'
    state[count] = state[count] + each.units
  end
  rule.does.take(key, state, rule)
end
`;

export const COUNTERS: LuaParts = { base: BASE, adopt: "", refund: REFUND, restore: RESTORE };

/** In memory: "c", the number of the window, its count, and the count of the window before it. */
export function readCounters(kept: MemoryState, { windowMs, now }: Moment): MemoryState {
  const [i = 0, current = 0, previous = 0] = kept.numbers;
  const index = Math.floor(now / windowMs);
  if (i > index) {
    const all = Math.min(current + previous, Math.floor(2 ** 53 / windowMs));
    return { kind: "c", numbers: [index, all, 0], ahead: true };
  }
  if (i === index) return { kind: "c", numbers: [i, current, previous], until: kept.until };
  return { kind: "c", numbers: [index, 0, i === index - 1 ? current : 0] };
}

export function addToCounters(
  state: MemoryState,
  { windowMs, now }: Moment,
  units: number,
  ageMs: number,
): void {
  const [index = 0, current = 0, previous = 0] = state.numbers;
  const isCurrent = ageMs <= now - index * windowMs;
  state.numbers = isCurrent
    ? [index, current + units, previous]
    : [index, current, previous + units];
  state.until ??= now + 2 * windowMs + 1000;
}

/** @param weighs whether the window before the current one counts */
export function refundCounters(
  kept: MemoryState,
  { windowMs, cost, now }: Moment,
  takenAt: number,
  weighs: boolean,
): number {
  const [i = 0, current = 0, previous = 0] = kept.numbers;
  const index = Math.floor(now / windowMs);
  const ago = i - Math.floor(takenAt / windowMs);
  const counts = i >= index || (weighs && ago === 0 && i === index - 1);
  if (!counts || ago < 0 || ago > Number(weighs) || (takenAt > now && i <= index)) return 0;
  const back = Math.min(cost, ago ? previous : current);
  kept.numbers = ago ? [i, current, previous - back] : [i, current - back, previous];
  return back;
}

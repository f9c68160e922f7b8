import { addToCounters, COUNTERS, readCounters, refundCounters } from "./counters.ts";
import type { AlgorithmDefinition } from "./definition.ts";
import { type AlgorithmReference, unitsOf } from "./reference.ts";

/**
 * fixed-window: the count of the current window alone. Windows begin at multiples of their length, as
 * counters.ts keeps them, with one exception: where the time of what was counted is not known, a window
 * of the full length begins at that moment. It is kept as "s", its beginning, and its count. That is
 * the case
 * - for units that another algorithm counted: the aligned window may be over at once, and a bucket that
 *   is full again does not tell what it admitted in this window;
 * - for units that were counted before the clock stepped back over a window's edge: they would be
 *   forgotten at that edge, which comes a second time.
 */
export const FIXED_WINDOW: AlgorithmDefinition<"fixed-window"> = {
  name: "fixed-window",
  table: "fixed",
  readsOthers: true,
  shared: COUNTERS,
  base: `
local fixed = {}

local function begun_now(units)
  return { start = now, current = units }
end

function fixed.read(key, rule)
  local text = text_of(key)
  local start_text, count_text = match(text or '', '^s (%d+) (%d+)$')
  if not start_text then
    local state = counters_in(text, rule)
    if not state or not state.ahead then return state end
    local anew = begun_now(state.ahead)
    anew.ahead = true
    return anew
  end
  local start, count = whole(start_text), whole(count_text)
  if not start or not count then return nil end
  if now >= start + rule.window then return counters_in(false, rule) end
  return { start = math.min(start, now), current = count, ahead = start > now, is_kept = start <= now }
end

function fixed.used(state)
  return state.current
end

function fixed.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  if state.current + cost <= rule.limit then return 0 end
  if state.start then return state.start + rule.window - now end
  return rule.window - state.elapsed
end

function fixed.take(key, state, rule)
  if not state.start then return counters.take(key, state, rule) end
  state.current = state.current + rule.cost
  local text = format('s %.0f %.0f', state.start, state.current)
  if state.is_kept then call('SET', key, text, 'KEEPTTL')
  else call('SET', key, text, 'PX', int(rule.window + 1000)) end
end
`,
  adopt: `
function fixed.adopt(rule, units)
  return begun_now(units)
end
`,
  refund: `
function fixed.refund(key, rule, taken)
  local start, count = match(text_of(key) or '', '^s (%d+) (%d+)$')
  start, count = whole(start), whole(count)
  if not start or not count then return counters.refund(key, rule, taken, false) end
  if start <= now and taken > now then return 0 end
  if taken < start or math.max(now, taken) >= start + rule.window then return 0 end
  local back = math.min(rule.cost, count)
  if back > 0 then call('SET', key, format('s %.0f %.0f', start, count - back), 'KEEPTTL') end
  return back
end
`,
  restore: `
fixed.restore = counters.restore
`,
  memory: {
    kinds: "cs",
    read(kept, moment) {
      const { windowMs, now } = moment;
      const [start = 0, count = 0] = kept.numbers;
      if (kept.kind === "c") {
        const state = readCounters(kept, moment);
        return state.ahead ? { kind: "s", numbers: [now, count], ahead: true } : state;
      }
      if (now >= start + windowMs) return readCounters({ kind: "c", numbers: [] }, moment);
      if (start > now) return { kind: "s", numbers: [now, count], ahead: true };
      return { kind: "s", numbers: [start, count], until: kept.until };
    },
    used: ({ numbers: [, count = 0] }) => count,
    wait: ({ kind, numbers: [start = 0] }, { windowMs, now }) =>
      (kind === "s" ? start + windowMs : (start + 1) * windowMs) - now,
    add(state, moment, units, ageMs) {
      if (state.kind === "c") return addToCounters(state, moment, units, ageMs);
      const [start = 0, count = 0] = state.numbers;
      state.numbers = [start, count + units];
      state.until ??= moment.now + moment.windowMs + 1000;
    },
    refund(kept, moment, takenAt) {
      if (kept.kind === "c") return refundCounters(kept, moment, takenAt, false);
      const { windowMs, cost, now } = moment;
      const [start = 0, count = 0] = kept.numbers;
      if (takenAt < start || Math.max(now, takenAt) >= start + windowMs) return 0;
      if (start <= now && takenAt > now) return 0;
      const back = Math.min(cost, count);
      kept.numbers = [start, count - back];
      return back;
    },
    adopt: ({ now }) => ({ kind: "s", numbers: [now, 0] }),
  },
};

/** @public Tests and the tables of the documentation read it by the file's name. */
export const REFERENCE: AlgorithmReference = {
  used: (admitted, { windowMs }, now) =>
    unitsOf(admitted, ({ at }) => Math.floor(at / windowMs) === Math.floor(now / windowMs)),
  mostInAWindow: (limit) => 2 * limit,
  billed: { EVALSHA: 1, TIME: 1, GET: 1, SET: 1 },
  words: {
    keeps: "window number, its count, the count before",
    mostInAWindow: "2L",
    memory: "one small text",
    comesBack: "all at the window's end",
    refunds: "the decision's units, while its window is the current one",
  },
};

import { addToCounters, COUNTERS, readCounters, refundCounters } from "./counters.ts";
import type { AlgorithmDefinition } from "./definition.ts";
import { type AlgorithmReference, unitsOf } from "./reference.ts";

/**
 * fixed-window: only the count of the current window. Windows begin at multiples of their length, as in
 * counters.ts, with one exception: when the time of counted units is not known, a window of full length
 * begins at that moment. Its state is "s", its beginning, and its count. There are two such cases:
 * - Another algorithm counted the units. The aligned window may end at once, and the state of a full bucket
 *   does not show how many units it admitted in this window.
 * - The units were counted before the clock stepped back over a window's edge. They would be dropped at
 *   that edge, which is reached a second time.
 */
export const FIXED_WINDOW: AlgorithmDefinition<"fixed-window"> = {
  name: "fixed-window",
  readsOthers: true,
  lua: {
    ...COUNTERS,
    name: "fixed-window",
    read: COUNTERS.read(
      "current, start = c, now",
      `
    local s, c = match(text, '^s (%d+) (%d+)$')
    if not s or s + 0.0 >= 2 ^ 53 or c + 0.0 >= 2 ^ 53 then return 0 end
    if s + 0.0 > now then current, start, ahead = c + 0.0, now, true
    elseif now < s + w then current, start, i_text = c + 0.0, s + 0.0, s end`,
    ),
    used: "current",
    wait: "(start and start + w - now or left)",
    take: `
if start then
  current = current + cost
  if i_text then call('SET', key, 's ' .. i_text .. ' ' .. format('%.0f', current), 'KEEPTTL')
  else call('SET', key, format('s %.0f %.0f', start, current), 'PX', format('%.0f', w + 1000)) end
else
${COUNTERS.take}
end`,
    adopt: `
current, start = units, now`,
    refund: `
local s, c = match(text or '', '^s (%d+) (%d+)$')
if s then
  s, c = s + 0.0, c + 0.0
  if taken >= s and max(now, taken) < s + w and (s > now or taken <= now) then
    back = min(cost, c)
    call('SET', key, format('s %.0f %.0f', s, c - back), 'KEEPTTL')
  end
else
${COUNTERS.refund(false)}
end`,
  },
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

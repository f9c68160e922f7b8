import type { MemoryState, Moment } from "./definition.ts";

/**
 * The state that sliding-window and fixed-window share, so that either can continue from the counts of the
 * other: "c", the number of the window, its count, and the count of the previous window. A previous count
 * of 0 is left out, which saves eight bytes for a client with a single request. Windows begin at multiples of
 * their length. The TTL of the key is two windows from the first write in a window; a later write in the same
 * window keeps the TTL and the texts that were read.
 *
 * A count that is not exact, or whose window begins at 2^53 ms or later, was not written by Headgate.
 *
 * A state in a window that has not begun was written before the clock stepped back. All its units then count
 * as consumed now, in the current window. With `begins`, only the units of its last window count, in a window
 * of full length that begins now.
 *
 * `left` is the rest of the window in ms. `i_text` and `p_text` are texts that were read and are written
 * back unchanged, which is quicker. `start` is the beginning of a window of full length, and nil otherwise.
 */
export const COUNTERS = {
  state: "current, previous, left, i_text, p_text, start",
  read: (begins: string, other: string) => `
current, previous, left = 0, 0, w - now % w
if text then
  local i_read, c, p_read = match(text, '^c(%d+) (%d+)( ?%d*)$')
  if i_read then
    local ago, p = (now + left) / w - 1 - i_read, #p_read > 1 and p_read + 0.0 or 0
    c = c + 0.0
    if c >= 2 ^ 53 or p >= 2 ^ 53 or ago < 0 and i_read * w >= 2 ^ 53 then return 0 end
    if ago == 0 then current, previous, i_text, p_text = c, p, i_read, p_read
    elseif ago == 1 then previous = c
    elseif ago < 0 then ${begins} ahead = true end
  else ${other} end
end`,
  take: `
current = current + cost
if i_text then call('SET', key, 'c' .. i_text .. ' ' .. format('%.0f', current) .. p_text, 'KEEPTTL')
else
  p_text = previous > 0 and format(' %.0f', previous) or ''
  call('SET', key, format('c%.0f %.0f', (now + left) / w - 1, current) .. p_text, 'PX', format('%.0f', 2 * w + 1000))
end`,
  /**
   * Refunds units to the window in which they were consumed, while that window counts: the current window,
   * and with `weighs` the previous one, too. A decision with a future time was made before the clock stepped
   * back. Once its units have a new time, they cannot be distinguished from others and are not refunded.
   */
  refund: (weighs: boolean) => `
local i, c, p = match(text or '', '^c(%d+) (%d+)( ?%d*)$')
if i then
  i, c, p = i + 0.0, c + 0.0, #p > 1 and p + 0.0 or 0
  local index, ago = floor(now / w), i - floor(taken / w)
  if taken > now and i <= index then ago = nil end
  if ago == 0 and i >= index${weighs ? " - 1" : ""} then
    back = min(cost, c)
    c = c - back${
      weighs
        ? `
  elseif ago == 1 and i >= index then
    back = min(cost, p)
    p = p - back`
        : ""
    }
  end
  if back > 0 then call('SET', key, format('c%.0f %.0f %.0f', i, c, p), 'KEEPTTL') end
end`,
  /**
   * A window that begins at `start` gets all added units. Otherwise each unit is added to the window in which
   * it was consumed.
   */
  restore: `
i_text = nil
for _, each in ipairs(added) do
  if start or each.age <= w - left then current = current + each.units
  else previous = previous + each.units end
end`,
};

/** Reads the state in memory: "c", the number of the window, its count, and the count of the previous window. */
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

/** @param weighs whether the previous window counts */
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

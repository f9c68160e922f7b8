import type { AlgorithmDefinition, MemoryState, Moment } from "./definition.ts";
import type { AlgorithmReference } from "./reference.ts";

/** Sets `level` to the level after `ms` milliseconds: 0 after a window. */
const refilled = (ms: string) => `
local ms = ${ms}
level = ms >= w and 0 or max(0, level - ms * limit)`;

/**
 * token-bucket: `limit` tokens that refill evenly, all of them in one window; a request consumes its cost.
 * The key holds the level of missing tokens at the last consumption: "b", that time, and the level in
 * units × window, which is whole and falls by `limit` each millisecond. A window after the last consumption
 * no token is missing, even if the limit was lowered since.
 *
 * A last consumption in the future was before the clock stepped back: it then counts as made now. `last` and
 * `missing` are the time of the last consumption and the level at that time.
 */
export const TOKEN_BUCKET: AlgorithmDefinition<"token-bucket"> = {
  name: "token-bucket",
  lua: {
    name: "token-bucket",
    state: "level, last, missing",
    read: `
level, last, missing = 0, 0, 0
if text then
  local at, was = match(text, '^b (%d+) (%d+)$')
  if not at then return 0 end
  last, missing = at + 0.0, was + 0.0
  if last >= 2 ^ 53 or missing >= 2 ^ 53 then return 0 end
  if last > now then last, ahead = now, true end
  level = missing${refilled("now - last")}
end`,
    used: "(level + -level % w) / w",
    wait: "min(last + w - now, floor((level - (limit - cost) * w + limit - 1) / limit))",
    take: `
level, last = level + cost * w, now
call('SET', key, format('b %.0f %.0f', now, level), 'PX', format('%.0f', w + 1000))`,
    adopt: `
level, last, missing = units * w, now, units * w`,
    /**
     * A part of the units has refilled since the decision, so only the rest is refunded. The remaining level
     * was consumed by later decisions. The answer is rounded up to whole units. A decision with a future time
     * was made before the clock stepped back. If its consumption has a new time since, it is not known how much
     * has refilled, and nothing is refunded.
     */
    refund: `
local last, missing = match(text or '', '^b (%d+) (%d+)$')
if last then
  last, missing = last + 0.0, missing + 0.0
  local time, level = max(now, last), missing${refilled("time - last")}
  if taken <= time then
    level = min(level, max(0, cost * w - (time - taken) * limit))
    back = (level + -level % w) / w
    if level > 0 then call('SET', key, format('b %.0f %.0f', last, missing - level), 'KEEPTTL') end
  end
end`,
    /**
     * The bucket only has the level at its last consumption. Units that were consumed later refill together
     * with that level. Units that were consumed earlier are added in full, since the bucket may never have been
     * full since.
     */
    restore: `
level = missing
for _, each in ipairs(added) do
  local time = max(last, now - each.age)${refilled("time - last")}
  level, last = level + each.units * w, time
end${refilled("now - last")}`,
  },
  memory: {
    kinds: "b",
    read: ({ numbers: [last = 0, missing = 0] }, { now }) => ({
      kind: "b",
      numbers: [Math.min(last, now), missing],
      ahead: last > now,
    }),
    used: (state, moment) => Math.ceil(levelAt(moment.now, state, moment) / moment.windowMs),
    wait(state, moment, cost) {
      const { limit, windowMs, now } = moment;
      const [last = 0] = state.numbers;
      const over = levelAt(now, state, moment) - (limit - cost) * windowMs;
      return Math.min(last + windowMs - now, Math.ceil(over / limit));
    },
    add(state, moment, units, ageMs) {
      const { windowMs, now } = moment;
      const time = Math.max(state.numbers[0] ?? 0, now - ageMs);
      state.numbers = [time, levelAt(time, state, moment) + units * windowMs];
      state.until = now + windowMs + 1000;
    },
    refund(kept, moment, takenAt) {
      const { limit, windowMs, cost, now } = moment;
      const [last = 0, missing = 0] = kept.numbers;
      const time = Math.max(now, last);
      if (takenAt > time) return 0;
      const rest = Math.max(0, cost * windowMs - (time - takenAt) * limit);
      const back = Math.min(rest, levelAt(time, kept, moment));
      kept.numbers = [last, missing - back];
      return Math.ceil(back / windowMs);
    },
  },
};

/** Returns the level at a time, in units × window: the numbers are the last consumption and the level then. */
function levelAt(
  time: number,
  { numbers: [last = 0, missing = 0] }: MemoryState,
  { limit, windowMs }: Moment,
): number {
  return time >= last + windowMs ? 0 : Math.max(0, missing - (time - last) * limit);
}

/** @public Tests and the tables of the documentation read it by the file's name. */
export const REFERENCE: AlgorithmReference = {
  used: (admitted, { limit, windowMs }, now) => {
    // In units × window, so that every number is whole.
    let missing = 0;
    let then = admitted[0]?.at ?? now;
    const passTo = (time: number) => {
      missing = Math.max(0, missing - (time - then) * limit);
      then = time;
    };
    const events = admitted.flatMap(({ at, cost, refundedAt }) => {
      const take = { time: at, missing: cost * windowMs };
      if (refundedAt === undefined) return [take];
      // The part of its cost that had not refilled by then.
      const rest = Math.max(0, cost * windowMs - (refundedAt - at) * limit);
      return [take, { time: refundedAt, missing: -rest }];
    });
    for (const event of events.toSorted((a, b) => a.time - b.time)) {
      passTo(event.time);
      missing = Math.max(0, missing + event.missing);
    }
    passTo(now);
    return Math.ceil(missing / windowMs);
  },
  mostInAWindow: (limit) => 2 * limit - 1,
  billed: { EVALSHA: 1, TIME: 1, GET: 1, SET: 1 },
  words: {
    keeps: "the time of the last take, what was missing then",
    mostInAWindow: "2L − 1",
    memory: "one small text",
    comesBack: "little by little",
    refunds: "of c units, what has not refilled by itself since: c − elapsed · L / w",
  },
};

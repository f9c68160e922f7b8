import type { AlgorithmDefinition, MemoryState, Moment } from "./definition.ts";
import type { AlgorithmReference } from "./reference.ts";

/**
 * token-bucket: `limit` tokens that refill evenly, all of them in one window; a request takes its
 * cost. The key keeps the level of what was missing at the last take: "b", that time, and the level in
 * units × window, which is whole and falls by `limit` each millisecond. A window after the last take
 * nothing is missing, also where the limit was lowered since.
 *
 * A last take in the future was before the clock stepped back: it then counts as made now (`ahead`).
 * `last` and `missing` are the time of the last take and the level at that time.
 */
export const TOKEN_BUCKET: AlgorithmDefinition<"token-bucket"> = {
  name: "token-bucket",
  table: "bucket",
  base: `
local bucket = {}

local function parse_bucket(text)
  local at, level = match(text, '^b (%d+) (%d+)$')
  if not at then return nil end
  return whole(at), whole(level)
end

local function level_at(time, last, missing, rule)
  if time >= last + rule.window then return 0 end
  return math.max(0, missing - (time - last) * rule.limit)
end

local function bucket_of(last, missing, rule)
  return {
    last = last, missing = missing,
    level = level_at(now, last, missing, rule), left = math.max(0, last + rule.window - now),
  }
end

function bucket.read(key, rule)
  local text = text_of(key)
  if not text then return bucket_of(0, 0, rule) end
  local last, missing = parse_bucket(text)
  if not last or not missing then return nil end
  local state = bucket_of(math.min(last, now), missing, rule)
  state.ahead = last > now
  return state
end

function bucket.used(state, rule)
  return floor((state.level + rule.window - 1) / rule.window)
end

function bucket.wait(key, state, rule, cost)
  if cost > rule.limit then return -1 end
  local over = state.level - (rule.limit - cost) * rule.window
  if over <= 0 then return 0 end
  return math.min(state.left, floor((over + rule.limit - 1) / rule.limit))
end

function bucket.take(key, state, rule)
  state.level = state.level + rule.cost * rule.window
  state.left = rule.window
  call('SET', key, format('b %.0f %.0f', now, state.level), 'PX', int(rule.window + 1000))
end
`,
  adopt: `
function bucket.adopt(rule, units)
  return bucket_of(now, units * rule.window, rule)
end
`,
  /**
   * What a decision took has refilled since, evenly: only the rest is given back. More of the level is
   * what others took later. The answer is rounded up to whole units. A decision of a time that is still to come was made before the clock
   * stepped back; where its take was stamped anew since, it is not known how much of it has refilled.
   */
  refund: `
function bucket.refund(key, rule, taken)
  local last, missing = parse_bucket(text_of(key) or '')
  if not last or not missing then return 0 end
  local time = math.max(now, last)
  if taken > time then return 0 end
  local rest = math.max(0, rule.cost * rule.window - (time - taken) * rule.limit)
  local back = math.min(rest, level_at(time, last, missing, rule))
  if back <= 0 then return 0 end
  call('SET', key, format('b %.0f %.0f', last, missing - back), 'KEEPTTL')
  return floor((back + rule.window - 1) / rule.window)
end
`,
  /**
   * The bucket keeps the level at its last take alone. What was taken later refills together with that
   * level. What was taken earlier is added to it whole, since the bucket may not have been full once
   * since.
   */
  restore: `
function bucket.restore(key, state, rule, taken)
  local last, level = state.last, state.missing
  for _, each in ipairs(taken) do
    local time = math.max(last, now - each.age)
    level = level_at(time, last, level, rule) + each.units * rule.window
    last = time
  end
  bucket.take(key, bucket_of(last, level, rule), rule)
end
`,
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

/** What is missing at a time, in units × window: the numbers are the last take and the level then. */
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
      // Of what it took, the part that has not refilled by itself until then.
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

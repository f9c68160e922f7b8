import { ARITHMETIC } from "./algorithms/arithmetic.ts";
import { WINDOWS } from "./algorithms/counters.ts";
import { RESTORE } from "./algorithms/restore.ts";
import { SLIDING_LOG } from "./algorithms/sliding-log.ts";
import { TOKEN_BUCKET } from "./algorithms/token-bucket.ts";

/** Milliseconds on Redis's clock: the only clock that all instances share. */
export const REDIS_CLOCK = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/**
 * Each algorithm is a table of functions:
 * - read(key, rule): the state that the key holds, or nil where another algorithm's is there
 * - used(state, rule): the units that count now
 * - wait(key, state, rule, cost): milliseconds until cost has room, 0 when it has, -1 when never
 * - adopt(rule, units): a state of its own, as if the units had been taken now; writes nothing
 * - take(key, state, rule): writes the state with the rule's cost, and a time to live
 * - refund(key, rule, taken): gives back what a decision of that time took; answers the units
 *
 * state_of(key, rule) is the state of a key, and the algorithm that reads it: the rule's own, or the
 * one whose state is still there when the rule's algorithm changed. That one decides until its state
 * is adopted. What none can read counts as nothing, and is replaced.
 *
 * Comments stand here and not in the scripts, whose text is part of every edge bundle.
 */
const SETUP = `
local algorithms = {
  ['sliding-log'] = log, ['sliding-window'] = sliding, ['fixed-window'] = fixed, ['token-bucket'] = bucket,
}
local keepers = { log, sliding, bucket }
local FIELDS = 5

local function rule_of(i)
  local at = 1 + (i - 1) * FIELDS
  return {
    does = algorithms[ARGV[at + 1]],
    limit = whole(ARGV[at + 2]),
    window = whole(ARGV[at + 3]),
    cost = whole(ARGV[at + 4]),
    group = ARGV[at + 5],
  }
end

local function state_of(key, rule)
  local state = rule.does.read(key, rule)
  if state then return state, rule.does end
  for _, keeper in ipairs(keepers) do
    state = keeper.read(key, rule)
    if state then return state, keeper end
  end
  return rule.does.adopt(rule, 0), rule.does
end
`;

const ALGORITHMS = ARITHMETIC + SLIDING_LOG + WINDOWS + TOKEN_BUCKET + SETUP;

/**
 * The script that decides. All limits are read first, and written only where their group has room.
 *
 * KEYS: one for each limit. ARGV[1]: "take" or "peek"; then five for each limit: algorithm, limit,
 * window (ms), cost, group. The limits of group "0" decide: when one of them has no room, nothing is
 * taken at all. Each other group is a rule in shadow: taken whole where it has room, else not.
 *
 * Answers { now, passed (1 or 0), and for each limit: remaining, wait, reset }. wait: milliseconds
 * until this cost has room, 0 when it had, -1 when it never will. reset: milliseconds until more
 * than `remaining` has room, 0 when nothing is taken.
 */
export function limitLua(clock: string): string {
  return [
    clock,
    ALGORITHMS,
    `
local rules, states, keptBy, waits = {}, {}, {}, {}
local full = {}
for i, key in ipairs(KEYS) do
  local rule = rule_of(i)
  local state, keeper = state_of(key, rule)
  local wait = keeper.wait(key, state, rule, rule.cost)
  if wait ~= 0 then full[rule.group] = true end
  rules[i], states[i], keptBy[i], waits[i] = rule, state, keeper, wait
end

local passed = not full['0']
if passed and ARGV[1] == 'take' then
  for i, key in ipairs(KEYS) do
    local rule = rules[i]
    if not full[rule.group] then
      if keptBy[i] ~= rule.does then
        states[i] = rule.does.adopt(rule, keptBy[i].used(states[i], rule))
        keptBy[i] = rule.does
      end
      rule.does.take(key, states[i], rule)
    end
  end
end

local answer = { now, passed and 1 or 0 }
for i, key in ipairs(KEYS) do
  local rule, state, keeper = rules[i], states[i], keptBy[i]
  local remaining = math.max(0, rule.limit - keeper.used(state, rule))
  local reset = 0
  if remaining < rule.limit then
    reset = keeper.wait(key, state, rule, remaining + 1)
  end
  answer[#answer + 1] = remaining
  answer[#answer + 1] = waits[i]
  answer[#answer + 1] = reset
end
return answer
`,
  ].join("");
}

/**
 * Gives back what one decision took. KEYS and ARGV as for the limit, but ARGV[1] is the time of the
 * decision (ms). What another algorithm has adopted since is not given back. Answers the units.
 */
export function refundLua(clock: string): string {
  return [
    clock,
    ALGORITHMS,
    `
local given = 0
for i, key in ipairs(KEYS) do
  local rule = rule_of(i)
  given = given + rule.does.refund(key, rule, whole(ARGV[1]))
end
return given
`,
  ].join("");
}

/**
 * Adds to one key what was counted without it, at the times at which it was taken.
 *
 * KEYS[1]: the limit's. ARGV as for the limit, with a cost of 0; then pairs: how many milliseconds ago,
 * and how many units, oldest first. Answers 1.
 */
export function restoreLua(clock: string): string {
  return [
    clock,
    ALGORITHMS,
    RESTORE,
    `
local key, rule = KEYS[1], rule_of(1)
local state, keeper = state_of(key, rule)
if keeper ~= rule.does then state = rule.does.adopt(rule, keeper.used(state, rule)) end
local taken = {}
for i = FIELDS + 2, #ARGV - 1, 2 do
  local age, units = whole(ARGV[i]), whole(ARGV[i + 1])
  if age and units and age < rule.window then
    taken[#taken + 1] = { age = age, units = units }
  end
end
restore[rule.does](key, state, rule, taken)
return 1
`,
  ].join("");
}

import { ALGORITHMS, KEEPERS } from "#lib/limit/algorithms/all";
import { ARITHMETIC } from "#lib/limit/algorithms/arithmetic";
import type { LuaParts } from "#lib/limit/algorithms/definition";

/** Milliseconds on Redis's clock: the only clock that all instances share. */
export const REDIS_CLOCK = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/** Returns the texts of the algorithms, with those of their functions that a script calls. */
export function algorithmsLua(...functions: readonly ("adopt" | "refund" | "restore")[]): string {
  const parts = new Set<LuaParts>(ALGORITHMS.flatMap((each) => [each.shared ?? each, each]));
  return (
    ARITHMETIC +
    [...parts].map((each) => each.base + functions.map((name) => each[name]).join("")).join("") +
    RULE_OF
  );
}

const RULE_OF = `
local algorithms = {
  ${ALGORITHMS.map(({ name, table }) => `['${name}'] = ${table},`).join(" ")}
}

local function rule_of(i)
  local at = 5 * i - 3
  return {
    does = algorithms[ARGV[at]],
    limit = tonumber(ARGV[at + 1]) + 0.0,
    window = tonumber(ARGV[at + 2]) + 0.0,
    cost = tonumber(ARGV[at + 3]) + 0.0,
    group = ARGV[at + 4],
  }
end
`;

/**
 * state_of(key, rule): the state of a key, and the algorithm that reads it: the rule's own, or the
 * one whose state is still there when the rule's algorithm changed. That one decides until its state
 * is adopted. What none can read counts as nothing, and is replaced.
 */
export const STATE_OF = `
local keepers = { ${KEEPERS.map(({ table }) => table).join(", ")} }

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

/**
 * The script that decides. All limits are read first, and written only where their group has capacity.
 *
 * KEYS: one for each limit. ARGV[1]: "take", "peek", or "report" of what was allowed already, which is
 * consumed whether or not there is capacity; then five for each limit: algorithm, limit,
 * window (ms), cost, group. The limits of group "0" decide: when one of them has no capacity, nothing is
 * consumed at all. Each other group is a rule in shadow: consumed whole where it has capacity, else not.
 * What is not consumed is not written, but for one case: a state of the future is stamped anew with now.
 * Otherwise it would be in the future at the next check, too, and no wait would ever be over.
 *
 * Returns { now, passed (1 or 0), and for each limit: remaining, wait, reset }. wait: milliseconds
 * until there is capacity for this cost, 0 when there was, -1 when there never will be. reset: milliseconds
 * until more than `remaining` is left, 0 when nothing is consumed.
 */
export function limitLua(clock: string): string {
  return `${clock}${algorithmsLua("adopt")}${STATE_OF}
local rules = {}
local full = {}
for i = 1, #KEYS do
  local rule = rule_of(i)
  local state, keeper = state_of(KEYS[i], rule)
  local wait = keeper.wait(KEYS[i], state, rule, rule.cost)
  if wait ~= 0 then full[rule.group] = true end
  rules[i], rule.state, rule.keeper, rule.room_in = rule, state, keeper, wait
end

local passed = not full['0']
local reported = ARGV[1] == 'report'
local taking = passed and ARGV[1] == 'take'
for i, rule in ipairs(rules) do
  if reported or taking and not full[rule.group] then
    if rule.keeper ~= rule.does then
      rule.state = rule.does.adopt(rule, rule.keeper.used(rule.state, rule))
      rule.keeper = rule.does
    end
    rule.does.take(KEYS[i], rule.state, rule)
  elseif rule.state.ahead then
    rule.cost = 0
    rule.keeper.take(KEYS[i], rule.state, rule)
  end
end

local answer = { now, passed and 1 or 0 }
for i, rule in ipairs(rules) do
  local remaining = math.max(0, rule.limit - rule.keeper.used(rule.state, rule))
  local reset = 0
  if remaining < rule.limit then
    reset = rule.keeper.wait(KEYS[i], rule.state, rule, remaining + 1)
  end
  answer[3 * i], answer[3 * i + 1], answer[3 * i + 2] = remaining, rule.room_in, reset
end
return answer
`;
}

/**
 * Gives back what one decision took. KEYS and ARGV as for the limit, but ARGV[1] is the time of the
 * decision (ms). What another algorithm has adopted since is not given back. Answers the units.
 */
export function refundLua(clock: string): string {
  return `${clock}${algorithmsLua("refund")}
local given = 0
for i, key in ipairs(KEYS) do
  local rule = rule_of(i)
  given = given + rule.does.refund(key, rule, whole(ARGV[1]))
end
return given
`;
}

/**
 * Adds to one key what was counted without it, at the times at which it was taken.
 *
 * KEYS[1]: the limit's. ARGV as for the limit, with a cost of 0; then pairs: how many milliseconds ago,
 * and how many units, oldest first. Answers 1.
 */
export function restoreLua(clock: string): string {
  return `${clock}${algorithmsLua("adopt", "restore")}${STATE_OF}
local key, rule = KEYS[1], rule_of(1)
local state, keeper = state_of(key, rule)
if keeper ~= rule.does then state = rule.does.adopt(rule, keeper.used(state, rule)) end
local taken = {}
for i = 7, #ARGV - 1, 2 do
  local age = whole(ARGV[i])
  if age < rule.window then taken[#taken + 1] = { age = age, units = whole(ARGV[i + 1]) } end
end
rule.does.restore(key, state, rule, taken)
return 1
`;
}

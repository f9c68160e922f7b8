import type { LuaForm } from "#lib/limit/algorithms/definition";
import { formsLua, OPENED } from "./lua-forms.ts";

/** Sets `now` to milliseconds on Redis's clock, the only clock that all instances share. */
export const REDIS_CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + (time[2] - time[2] % 1000) / 1000
`;

/** The functions that the parts of the forms may call. */
const CALLED =
  "redis.call redis.pcall math.floor math.min math.max string.format string.match string.byte string.char string.sub string.rep";

/** Declares only the functions that a script calls, because each declaration costs time at each run. */
function withNames(lua: string): string {
  const nameOf = (path: string) => path.split(".")[1] ?? "";
  const called = CALLED.split(" ").filter((path) => lua.includes(`${nameOf(path)}(`));
  return `local ${called.map(nameOf).join()} = ${called.join()}\n${lua}`;
}

/** The parts of a form in a script that decides, with how it opens a state and when it may consume. */
type Decided = Pick<LuaForm, "functions" | "state" | "used" | "wait" | "take"> & {
  readonly open: string;
  readonly isFree: string;
  readonly mayTake: string;
};

/**
 * Makes a script that decides. It reads all limits first, and writes them only if there is capacity.
 *
 * KEYS: one for each limit. ARGV[1]: "take", "peek", or "report", which consumes for allowed requests even
 * without capacity; then three for each limit: limit, window (ms), cost. A limit that is not consumed is not
 * written, with one exception: a state with a future time is written with the current time. Otherwise it would
 * be in the future at the next check, too, and its wait would never end.
 *
 * Returns { now, passed (1 or 0), and for each limit: remaining, wait, reset }. wait: milliseconds
 * until there is capacity for this cost, 0 when there was, -1 when there never will be. reset: milliseconds
 * until more than `remaining` is left, 0 when nothing is consumed.
 */
function decideLua(clock: string, form: Decided): string {
  const { functions = "", state, open, used, wait, isFree, mayTake, take } = form;
  return (
    clock +
    withNames(`${functions}
local passed, mode, many = true, ARGV[1], #KEYS ~= 1
local key, limit, w, cost, used, wait, text, ahead, ${state}
for i = 1, #KEYS do
  key, limit, w, cost = KEYS[i], ARGV[3 * i - 1] + 0.0, ARGV[3 * i] + 0.0, ARGV[3 * i + 1] + 0.0
${open}
  used, wait = ${used}, 0
  if cost > limit then wait = -1
  elseif used + cost > limit then wait = ${wait} end
  passed = ${isFree} and passed
  if many then KEYS[i] = { key, limit, w, cost, used, wait, ahead, ${state} } end
end
local takes = mode == 'report' or passed and mode == 'take'
local answer = { now, passed and 1 or 0, 0, 0, 0 }
if many then answer = { now, answer[2], unpack(ARGV, 2, 3 * #KEYS + 1) } end
for i = 1, #KEYS do
  if many then key, limit, w, cost, used, wait, ahead, ${state} = unpack(KEYS[i], 1, 17) end
  local may = ${mayTake}
  if may or ahead then
    if not may then cost = 0 end${take}
    used = used + cost
  end
  cost = limit > used and limit - used + 1 or 1
  answer[3 * i], answer[3 * i + 1], answer[3 * i + 2] = cost - 1, wait, used > 0 and ${wait} or 0
end
return answer
`)
  );
}

/**
 * Makes the script of one form, for requests whose limits all have this form and none of which is in shadow.
 * It does the same as the limit script. When a key holds a state of another form, it writes nothing and
 * returns 0.
 */
export function ownLua(clock: string, form: LuaForm): string {
  const open = `text, ahead, ${form.state} = pcall('GET', key), false
if type(text) == 'table' then return 0 end${form.read}`;
  return decideLua(clock, { ...form, open, isFree: "wait == 0", mayTake: "takes" });
}

/**
 * Makes the script that decides for limits of any form. The arguments of a script that decides are followed by
 * the form and group of each limit. The limits of group "0" are enforced: when one of them has no capacity,
 * nothing is consumed at all. Each other group is a rule in shadow, which is consumed in full or not at all.
 */
export function limitLua(clock: string): string {
  return decideLua(clock, {
    functions: `${formsLua("adopt", "take")}${OPENED}
local full = {}
local function full_in(group)
  full[group] = true
  return group == '0'
end`,
    state: "rule",
    open: `rule = opened(i)
ahead = rule.state[1]`,
    used: "rule.state[2]",
    wait: "rule.keeper.wait(rule, cost)",
    take: `
if may then adopt(rule, used) end
rule.cost = cost
rule.keeper.take(rule)`,
    isFree: "(wait == 0 or not full_in(rule.group))",
    mayTake: "takes and (mode == 'report' or not full[rule.group])",
  });
}

/**
 * Makes the script that reads. It writes nothing, even after the clock stepped back, and uses the same functions
 * as the scripts that decide. KEYS and ARGV are those of the limit script, but ARGV[1] is ignored. Returns
 * { now, and for each limit: used, wait, reset }.
 */
export function readLua(clock: string): string {
  return (
    clock +
    withNames(`${formsLua("adopt")}${OPENED}
local function wait_in(rule, units)
  if units > rule.limit then return -1 end
  if rule.state[2] + units <= rule.limit then return 0 end
  return rule.keeper.wait(rule, units)
end
local answer = { now }
for i = 1, #KEYS do
  local rule = opened(i)
  local used = rule.state[2]
  local reset = used > 0 and wait_in(rule, max(0, rule.limit - used) + 1) or 0
  answer[3 * i - 1], answer[3 * i], answer[3 * i + 1] = used, wait_in(rule, rule.cost), reset
end
return answer
`)
  );
}

/**
 * Makes the script that refunds the units of one decision. KEYS and ARGV are those of the limit script, but
 * ARGV[1] is the time of the decision (ms). Units that another algorithm has adopted since are not refunded.
 * Returns the refunded units.
 */
export function refundLua(clock: string): string {
  return (
    clock +
    withNames(`${formsLua("refund")}
local given = 0
for i = 1, #KEYS do
  local rule = rule_at(i)
  text_of(rule)
  given = given + rule.does.refund(rule)
end
return given
`)
  );
}

/**
 * Makes the script that adds units that were counted locally to one key, at the times at which they were
 * consumed.
 *
 * KEYS[1]: the key of the limit. ARGV: the arguments of the limit script with a cost of 0, then pairs of
 * age (ms) and units, oldest first. Returns 1.
 */
export function restoreLua(clock: string): string {
  return (
    clock +
    withNames(`${formsLua("adopt", "take", "restore")}${OPENED}
local rule = opened(1)
adopt(rule, rule.state[2])
for i = 7, #ARGV - 1, 2 do
  local age = tonumber(ARGV[i]) + 0.0
  if age < rule.w then added[#added + 1] = { age = age, units = tonumber(ARGV[i + 1]) + 0.0 } end
end
rule.does.restore(rule)
rule.does.take(rule)
return 1
`)
  );
}

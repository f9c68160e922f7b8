/**
 * The Lua of all algorithms as one set of functions, for the scripts that read a state of any form: an earlier
 * algorithm of the rule may have written it.
 */

import { KEEPERS } from "#lib/limit/algorithms/all";
import type { LuaForm } from "#lib/limit/algorithms/definition";

/** The forms of all algorithms, in the order in which they try to read the state of a key. */
const FORMS: readonly LuaForm[] = KEEPERS.flatMap(({ lua, large }) =>
  large ? [lua, large.lua] : [lua],
);

const NAMES = FORMS.map(({ name }) => `forms['${name}']`).join(", ");

type Part = "adopt" | "take" | "restore" | "refund";

/**
 * Returns a form as functions of a rule. It has only the parts that a script calls, because Redis creates
 * every function of a script at each run. `rule.state` is { ahead, used, and the state of the form }.
 */
function functionsOf(form: LuaForm, parts: readonly Part[]): string {
  const { name, state, functions = "", read, used, wait, isSet = false } = form;
  const open = `(rule, units) local key, limit, w, cost, text, keeper, ahead, used, ${state} = rule.key, rule.limit, rule.w, rule.cost, rule.text, rule.keeper, unpack(rule.state or {}, 1, 12)`;
  const close = ` rule.keeper, rule.state = forms['${name}'], { ahead, ${used}, ${state} }`;
  const ends: Readonly<Record<Part, string>> = {
    adopt: close,
    take: ` ahead = false${close}`,
    restore: close,
    refund: " return back",
  };
  const made = parts.map((part) => {
    const begin = part === "refund" ? `${open} local back = 0` : open;
    return `${part} = function${begin}${form[part]}${ends[part]} end`;
  });
  return `do${functions}
forms['${name}'] = { isSet = ${isSet},
read = function${open}${read}${close} return 1 end,
wait = function${open} cost = units return ${wait} end,
${made.join(",\n")} }
end
`;
}

/**
 * Returns the beginning of the scripts for all forms:
 * - rule_at(i): the limit of the i-th key
 * - text_of(rule): reads the value of its key: false for a missing key, "" for a value that is no text
 * - opened(i): the limit with the state of its key, and as `keeper` the form that reads the state. After a
 *   change of the rule, this is the earlier form, which decides until its state is adopted. A state that no
 *   form can read counts as empty and is replaced
 * - adopt(rule): makes the rule's own form the keeper
 */
export function formsLua(...parts: readonly Part[]): string {
  return `
local forms, added, taken = {}, {}, tonumber(ARGV[1])
${FORMS.map((form) => functionsOf(form, parts)).join("")}
local keepers = { ${NAMES} }

local function rule_at(i)
  local at = 3 * #KEYS + 2 * i
  return {
    key = KEYS[i], does = forms[ARGV[at]], limit = ARGV[3 * i - 1] + 0.0,
    w = ARGV[3 * i] + 0.0, cost = ARGV[3 * i + 1] + 0.0, group = ARGV[at + 1],
  }
end

local function text_of(rule)
  if rule.text == nil then
    local text = pcall('GET', rule.key)
    if type(text) == 'table' then text = '' end
    rule.text = text
  end
end
`;
}

/** The functions `adopt` and `opened`, for the scripts that read a state or write it. */
export const OPENED = `
local function adopt(rule, units)
  if rule.keeper ~= rule.does then
    rule.from, rule.state = rule.state, nil
    rule.does.adopt(rule, units)
  end
end

local function opened(i)
  local rule = rule_at(i)
  for _, form in ipairs({ rule.does, unpack(keepers) }) do
    if not form.isSet then text_of(rule) end
    if form.read(rule) == 1 then return rule end
  end
  adopt(rule, 0)
  return rule
end
`;

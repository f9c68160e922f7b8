/**
 * What all algorithms reckon with. Redis runs Lua 5.1 and other stores 5.4, so every number is made
 * a double, there is no integer division, and what is whole and below 2^53 is exact in both.
 * - int(n): the number as text
 * - whole(text): a number from text; nil where it is none that is exact. In Lua 5.4 an integer would
 *   wrap around
 * - div(a, b): floor(a / b) without the rounding of a / b. fmod is exact in C, where Lua 5.1's % is not
 * - text_of(key): what a key holds; false where there is nothing, nil where the key is no text
 */
export const ARITHMETIC = `
local function int(n)
  return string.format('%.0f', n)
end

local function whole(text)
  local n = text and tonumber(text)
  if not n or n >= 2 ^ 53 then return nil end
  return n + 0.0
end

local function div(a, b)
  return math.floor((a - math.fmod(a, b)) / b)
end

local function text_of(key)
  local text = redis.pcall('GET', key)
  if type(text) == 'table' then return nil end
  return text
end
`;

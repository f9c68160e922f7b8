/**
 * What all algorithms reckon with. Redis runs Lua 5.1 and other stores 5.4, so every number is made
 * a double, there is no integer division, and what is whole and below 2^53 is exact in both. So is
 * floor(a / b) of whole numbers from 0 to 2^53: a / b is no nearer to the next whole number than 1 / b,
 * which is more than half the distance of doubles there.
 * - int(n): the number as text. It is slow, so texts that were read are written back as they are
 * - whole(text): a number from text; nil where it is none that is exact. In Lua 5.4 an integer would
 *   wrap around
 * - text_of(key): what a key holds; false where there is nothing, "" where the key is no text
 */
export const ARITHMETIC = `
local call, pcall, floor, format, match, tonumber = redis.call, redis.pcall, math.floor, string.format, string.match, tonumber

local function int(n)
  return format('%.0f', n)
end

local function whole(text)
  local n = tonumber(text)
  if not n or n >= 9007199254740992 then return nil end
  return n + 0.0
end

local function text_of(key)
  local text = pcall('GET', key)
  if type(text) == 'table' then return '' end
  return text
end
`;

import { defineScript } from "#lib/redis/script";

/** How long the last fence of a lock, or of what a fence guards, is kept: 31 days, in milliseconds. */
const FENCE_KEPT_MS = 31 * 24 * 3600 * 1000;

/*
 * A fence is a number that only grows: one more than the last, or Redis's time in microseconds where
 * that is larger, so that it grows also where the last one was forgotten.
 */
const TAKE = `
local function take(token, ttl)
  local fence
  if redis.call("GET", KEYS[1]) == token then fence = redis.call("GET", KEYS[2]) end
  if not fence then
    local time = redis.call("TIME")
    local last = tonumber(redis.call("GET", KEYS[2]) or 0)
    fence = string.format("%.0f", math.max(last + 1, time[1] * 1000000 + time[2]))
    redis.call("SET", KEYS[2], fence, "PX", ${FENCE_KEPT_MS})
  end
  redis.call("SET", KEYS[1], token, "PX", ttl)
  return {1, tonumber(fence)}
end
local function isFree(token)
  local owner = redis.call("GET", KEYS[1])
  return not owner or owner == token
end
`;

/**
 * Takes a lock that nobody holds, or that this token holds already: an acquire whose answer was lost
 * is sent again and does not lose to itself. KEYS: the lock. ARGV: token, milliseconds.
 */
export const ACQUIRE_PLAIN = defineScript(`
local owner = redis.call("GET", KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1
`);

/**
 * The same with a fence. KEYS: the lock, its fence. ARGV: token, milliseconds. Answers 1 and the
 * fence; or 0 and how many milliseconds the holder's lease has left.
 */
export const ACQUIRE = defineScript(`${TAKE}
if isFree(ARGV[1]) then return take(ARGV[1], ARGV[2]) end
return {0, redis.call("PTTL", KEYS[1])}
`);

/**
 * The same, unless there is a result: then 2 and the result. KEYS: the lock, its fence, the result.
 * ARGV: token, milliseconds.
 */
export const ACQUIRE_OR_READ = defineScript(`${TAKE}
local result = redis.call("GET", KEYS[3])
if result then return {2, result} end
if isFree(ARGV[1]) then return take(ARGV[1], ARGV[2]) end
return {0, redis.call("PTTL", KEYS[1])}
`);

/** Gives a lock back, if this token holds it. KEYS: the lock. ARGV: token. */
export const RELEASE = defineScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])
`);

/**
 * Keeps a result and gives the lock back, if this token holds it: who waits finds one of them. KEYS:
 * the lock, the result. ARGV: token, result, milliseconds to keep it. Sent again it says 1, too.
 */
export const PUBLISH = defineScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return redis.call("GET", KEYS[2]) == ARGV[2] and 1 or 0
end
redis.call("SET", KEYS[2], ARGV[2], "PX", ARGV[3])
return redis.call("DEL", KEYS[1])
`);

/** Holds a lock for longer, if this token holds it. KEYS: the lock. ARGV: token, milliseconds. */
export const EXTEND = defineScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])
`);

/**
 * Wraps a script so that it runs only with a fence that is not older than the last one seen. KEYS:
 * where that is kept, then the script's own. ARGV: the fence, then the script's own. Answers 1 and
 * what the script answers; 0 for an older fence, and nothing has run.
 */
export function fencedLua(lua: string): string {
  return `
local function run(KEYS, ARGV)
${lua}
end
local last = tonumber(redis.call("GET", KEYS[1]) or 0)
if tonumber(ARGV[1]) < last then return {0} end
local reply = run({unpack(KEYS, 2)}, {unpack(ARGV, 2)})
if type(reply) == "table" and reply.err then return reply end
redis.call("SET", KEYS[1], ARGV[1], "PX", ${FENCE_KEPT_MS})
return {1, reply}
`;
}

import { defineScript } from "#lib/redis/script";

/** How long Redis keeps the last fencing token of a lock or of a guarded key: 31 days, in milliseconds. */
const FENCE_KEPT_MS = 31 * 24 * 3600 * 1000;

/*
 * A fencing token only grows. It is one more than the last, or Redis's time in microseconds when that
 * is larger. It therefore grows also when Redis has lost the last one.
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
 * Acquires a lock that is free, or that this token holds already: an acquire that is repeated because
 * its answer was lost does not fail on its own lock. KEYS: the lock. ARGV: token, milliseconds.
 */
export const ACQUIRE_PLAIN = defineScript(`
local owner = redis.call("GET", KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1
`);

/**
 * Acquires a lock with a fencing token. KEYS: the lock, its last fencing token. ARGV: token,
 * milliseconds. Returns 1 and the fencing token; or 0 and the rest of the holder's lock TTL in
 * milliseconds.
 */
export const ACQUIRE = defineScript(`${TAKE}
if isFree(ARGV[1]) then return take(ARGV[1], ARGV[2]) end
return {0, redis.call("PTTL", KEYS[1])}
`);

/**
 * Acquires a lock with a fencing token, unless a result is kept: then it returns 2 and the result.
 * KEYS: the lock, its last fencing token, the result. ARGV: token, milliseconds.
 */
export const ACQUIRE_OR_READ = defineScript(`${TAKE}
local result = redis.call("GET", KEYS[3])
if result then return {2, result} end
if isFree(ARGV[1]) then return take(ARGV[1], ARGV[2]) end
return {0, redis.call("PTTL", KEYS[1])}
`);

/** Releases a lock, if this token holds it. KEYS: the lock. ARGV: token. */
export const RELEASE = defineScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])
`);

/**
 * Stores a result and releases the lock in one step, if this token holds it: callers that wait find one
 * or the other. KEYS: the lock, the result. ARGV: token, result, milliseconds to keep it. Returns 1
 * also when it is repeated.
 */
export const PUBLISH = defineScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return redis.call("GET", KEYS[2]) == ARGV[2] and 1 or 0
end
redis.call("SET", KEYS[2], ARGV[2], "PX", ARGV[3])
return redis.call("DEL", KEYS[1])
`);

/** Renews a lock, if this token holds it. KEYS: the lock. ARGV: token, milliseconds. */
export const EXTEND = defineScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])
`);

/**
 * Wraps a script so that it runs only with a fencing token that is not older than the last one. KEYS:
 * the last fencing token, then the script's keys. ARGV: the fencing token, then the script's arguments.
 * Returns 1 and the script's reply; 0 for an older fencing token, and then the script has not run.
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

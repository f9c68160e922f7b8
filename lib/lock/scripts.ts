import { defineScript } from "#lib/redis/script";

/**
 * Takes a lock that nobody holds, or that this token holds already: an acquire whose answer was lost
 * is sent again and does not lose to itself. KEYS: the lock. ARGV: token, milliseconds.
 */
export const ACQUIRE = defineScript(`
local owner = redis.call("GET", KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1
`);

/** Gives a lock back, if this token holds it. KEYS: the lock. ARGV: token. */
export const RELEASE = defineScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])
`);

/** Holds a lock for longer, if this token holds it. KEYS: the lock. ARGV: token, milliseconds. */
export const EXTEND = defineScript(`
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])
`);

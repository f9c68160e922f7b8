import fc from "fast-check";

/** Valid and invalid values of each kind in a template. They are few, so that commands share keys and members. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  key: ["a", "b", "c", "d", "é"],
  text: ["", "x", "hello", "é\0ü", "1", "-5", "07", "9223372036854775807", "3.5", "OK"],
  field: ["f", "g", "h", "", "é"],
  int: ["0", "1", "-1", "2", "-3", "5", "100", "9223372036854775807", "-9223372036854775808"],
  badint: ["abc", "", "01", "+1", "1.5", " 1", "9223372036854775808", "-0", "-1", "0"],
  score: ["0", "1", "-1", "1.5", "2", "3", "inf", "-inf", "0.1", "1e20", "5e-7", "-0", "1e-320"],
  badscore: ["nan", "abc", "", "(1", "1 ", "0x", "1e400", "-infinity", "+Inf", ".5", "5."],
  bound: ["-inf", "+inf", "0", "1", "(1", "2", "(2", "(-inf", "1.5", "x", "(", "("],
  // Times far from now, so that no time to live ends during a test.
  ttl: ["100", "1000", "100000", "-1", "0", "abc", "9223372036854775807", "9223372036854775"],
  date: ["4102444800", "4102444900", "4202444800000"],
  glob: ["*", "a", "?", "[ab]", "[^a]", "h*", "*l*o", "\\a", "[", "[a-c", "**x"],
  badcursor: ["abc", "", " 1", "1.5", "-", "18446744073709551616"],
  count: ["1000", "0", "-1", "x"],
  id: [
    "1-1",
    "2-0",
    "2-1",
    "3",
    "5-7",
    "0-0",
    "x",
    "1-x",
    "18446744073709551615-18446744073709551615",
  ],
  entry: ["1-1", "2-0", "2-1", "2-*", "3-1", "4", "4-*", "0-0", "0-*", "7-7", "x"],
  from: ["-", "+", "1-1", "2", "(2-1", "3", "0", "x", "(-"],
  group: ["g", "h"],
  new: [">", ">", "0", "1-1", "x"],
};

const TEMPLATES = `
GET key | SET key text | SET key int | SET key text EX ttl | SET key text PX ttl | SET key text NX
SET key text XX | SET key text NX GET | SET key text KEEPTTL | SET key text GET | SET key text XX EX ttl KEEPTTL
SETNX key text | SETEX key ttl text | PSETEX key ttl text | GETSET key text | GETDEL key
GETEX key | GETEX key EX ttl | GETEX key PERSIST | GETEX key PX ttl PERSIST | APPEND key text | STRLEN key
MGET key key key | MSET key text key text | MSET key text key | INCR key | DECR key
INCRBY key int | INCRBY key badint | DECRBY key int | DECRBY key badint
HSET key field text | HSET key field int field text | HSET key field text field | HMSET key field text
HSETNX key field text | HGET key field | HMGET key field field | HGETALL key | HKEYS key | HVALS key
HLEN key | HEXISTS key field | HSTRLEN key field | HDEL key field field | HINCRBY key field int | HINCRBY key field badint
HSCAN key 0 | HSCAN key 0 MATCH glob | HSCAN key 0 COUNT count | HSCAN key badint | HSCAN key badcursor
LPUSH key text text | RPUSH key text | LPUSH key int | LPOP key | RPOP key | LPOP key int | RPOP key badint
LLEN key | LRANGE key int int | LRANGE key badint int | LTRIM key int int | LINDEX key int | LINDEX key badint
SADD key field field | SADD key int | SREM key field int | SMEMBERS key | SISMEMBER key field
SMISMEMBER key field int | SCARD key | SSCAN key 0 | SSCAN key 0 MATCH glob
ZADD key score field | ZADD key score field score field | ZADD key NX score field | ZADD key XX CH score field
ZADD key GT CH score field | ZADD key LT score field | ZADD key NX XX score field | ZADD key GT LT score field
ZADD key INCR score field | ZADD key INCR NX score field | ZADD key INCR score field score field
ZADD key badscore field | ZINCRBY key score field | ZINCRBY key badscore field
ZREM key field field | ZCARD key | ZCOUNT key bound bound | ZSCORE key field | ZMSCORE key field field
ZRANK key field | ZREVRANK key field | ZRANGE key int int | ZRANGE key int int WITHSCORES | ZRANGE key int int REV
ZRANGE key bound bound BYSCORE | ZRANGE key bound bound BYSCORE REV WITHSCORES | ZRANGE key bound bound BYSCORE LIMIT int int
ZRANGE key int int LIMIT 0 1 | ZRANGE key badint int | ZREVRANGE key int int WITHSCORES
ZRANGEBYSCORE key bound bound | ZRANGEBYSCORE key bound bound WITHSCORES LIMIT int int | ZRANGEBYSCORE key bound bound LIMIT badint int
ZREVRANGEBYSCORE key bound bound | ZREVRANGEBYSCORE key bound bound LIMIT int int WITHSCORES
ZREMRANGEBYSCORE key bound bound | ZREMRANGEBYRANK key int int | ZSCAN key 0 | ZSCAN key 0 MATCH glob
DEL key key | UNLINK key | EXISTS key key | TOUCH key | TYPE key | EXPIRE key ttl | PEXPIRE key ttl | EXPIRE key ttl NX
EXPIRE key ttl XX | EXPIREAT key date GT | PEXPIREAT key date LT | EXPIREAT key date LT | EXPIRE key ttl NX XX | EXPIRE key ttl GT LT
EXPIREAT key date GT GT | EXPIREAT key ttl | EXPIREAT key date | PEXPIREAT key ttl | TTL key | PTTL key | PERSIST key
EXPIRETIME key | SCAN 0 COUNT 1000 | SCAN 0 MATCH glob COUNT 1000 | SCAN 0 COUNT count TYPE hash | SCAN badcursor
PUBLISH key text | PUBLISH text key | PUBSUB CHANNELS | PUBSUB CHANNELS glob | PUBSUB CHANNELS glob text
PUBSUB NUMSUB | PUBSUB NUMSUB key key text | PUBSUB NUMPAT | PUBSUB NUMPAT text | PUBSUB SHARDCHANNELS glob
PUBSUB SHARDNUMSUB key | PUBSUB NOSUCH key | PUBSUB
PING | PING text | ECHO text | DBSIZE | NOSUCH key text | TIME | SCRIPT EXISTS text | SCRIPT NOSUCH | EVALSHA text 0
`;

const STREAM_TEMPLATES = `
XADD key entry field text | XADD key entry field text field text | XADD key entry field text field
XADD key NOMKSTREAM entry field text | XADD key MAXLEN int entry field text | XADD key MAXLEN = 2 entry field text
XADD key MINID id entry field text | XADD key MAXLEN 2 LIMIT 1 1-1 field text | XADD key MAXLEN badint entry field text
XLEN key | XRANGE key from from | XREVRANGE key from from | XRANGE key from from COUNT int | XRANGE key - + COUNT count
XDEL key id | XDEL key 1-1 2-1 | XTRIM key MAXLEN int | XTRIM key MINID id | XTRIM key MAXLEN
XGROUP CREATE key group id | XGROUP CREATE key group 0 MKSTREAM | XGROUP CREATE key group $ | XGROUP DESTROY key group
XGROUP CREATE key group 0 MKSTREAM | XGROUP SETID key group id | XGROUP CREATECONSUMER key group field
XGROUP DELCONSUMER key group field | XGROUP NOSUCH key | XINFO CONSUMERS key group | XINFO NOSUCH key
XREADGROUP GROUP group f STREAMS key > | XREADGROUP GROUP group field COUNT int STREAMS key new
XREADGROUP GROUP group g NOACK STREAMS key > | XREADGROUP GROUP group g STREAMS key key > | XREADGROUP GROUP group f STREAMS key 0
XREAD STREAMS key id | XREAD COUNT int STREAMS key key 0 0 | XREAD STREAMS key
XACK key group id | XACK key group 1-1 2-0 2-1 | XAUTOCLAIM key group field 0 0 | XAUTOCLAIM key group field 0 from COUNT int
XAUTOCLAIM key group field 0 - JUSTID | XAUTOCLAIM key group field 100000 0 | XAUTOCLAIM key group field badint 0
XPENDING key group | XPENDING key group - + 10 | XPENDING key group from from int field | XPENDING key group IDLE 0 - + 10
XPENDING key group - +
`;

/** Scripts that call a command, which is in ARGV. */
const SCRIPTS = [
  "return redis.call(unpack(ARGV))",
  "return redis.pcall(unpack(ARGV))",
  "return {redis.pcall(unpack(ARGV)), 7.9, -7.9, 'x', true, {1, {ok = 'fine'}}, nil, 9}",
  "local reply = redis.pcall(unpack(ARGV)) return type(reply)",
  "local reply = redis.pcall(unpack(ARGV)) return type(reply) == 'table' and (reply.ok or reply.err) or reply",
  "local done, reply = pcall(redis.call, unpack(ARGV)) return {tostring(done), type(reply)}",
  "redis.call('SET', 'd', #ARGV / 3) redis.call(unpack(ARGV)) return redis.call('GET', 'd')",
  "return #KEYS + #ARGV",
  "return redis.sha1hex(ARGV[1])",
  "error(ARGV[1])",
  "error({err = 'MINE ' .. ARGV[1]})",
  "return {err = 'MINE ' .. ARGV[1]}",
  "return redis.error_reply(ARGV[1])",
  "return redis.status_reply(ARGV[1])",
  "globe = 1",
  "return globe",
  "return redis.call()",
  "return redis.call('GET', {})",
  "#!lua flags=no-writes\nreturn redis.call(unpack(ARGV))",
  "#!lua flags=nosuch\nreturn 1",
];

const templatesIn = (text: string) =>
  text
    .split(/[|\n]/)
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[0] !== "");

/** Sometimes a command has one argument too few or too many. */
const spoilt = fc.oneof(
  { weight: 20, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 1) },
);

const from = (text: string): fc.Arbitrary<string[]> =>
  fc
    .constantFrom(...templatesIn(text))
    .chain((words) =>
      fc.tuple(spoilt, ...words.map((word) => fc.constantFrom(...(VALUES[word] ?? [word])))),
    )
    .map(([spoil, ...words]) => {
      if (spoil < 0 && words.length > 1) return words.slice(0, -1);
      return spoil > 0 ? [...words, "more"] : words;
    });

const plain = from(TEMPLATES + STREAM_TEMPLATES);

/** A command of streams, usually of one. */
export const streamCommand: fc.Arbitrary<string[]> = from(
  STREAM_TEMPLATES.replaceAll("key key", "a b").replaceAll("key", "a"),
);

const scripted: fc.Arbitrary<string[]> = fc
  .tuple(fc.constantFrom("EVAL", "EVAL", "EVAL_RO"), fc.constantFrom(...SCRIPTS), plain)
  .filter(([, , command]) => !isUnordered(command))
  .map(([name, script, command]) => [name, script, "1", "a", ...command]);

/** A command: usually plain, sometimes called by a script. */
export const redisCommand: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 5, arbitrary: plain },
  { weight: 1, arbitrary: scripted },
);

const LISTS = /^(?:SMEMBERS|HKEYS|HVALS|KEYS)$/;
const isChannels = ([name, subcommand]: readonly string[]) =>
  name === "PUBSUB" && subcommand === "CHANNELS";
const PAIRS = /^(?:HGETALL)$/;
const SCANS = /^(?:SCAN|SSCAN|HSCAN|ZSCAN)$/;

function isUnordered([name = "", ...args]: readonly string[]): boolean {
  if (isChannels([name, ...args])) return true;
  return LISTS.test(name) || PAIRS.test(name) || SCANS.test(name) || isTimed([name]);
}

function isTimed([name = ""]: readonly string[]): boolean {
  return /^(?:TTL|PTTL|TIME|EXPIRETIME)$/.test(name);
}

/** Returns a reply without legitimate differences: the order of unordered elements, and elapsed time. */
export function comparable(command: readonly string[], answer: unknown): unknown {
  const [name = ""] = command;
  if (name === "TIME") return Array.isArray(answer) ? answer.length : answer;
  if (isTimed(command) && typeof answer === "number" && answer > 0) return left(name, answer);
  if (!Array.isArray(answer)) return answer;
  if (name === "XPENDING" && command.length > 3) return answer.map((entry) => without(entry, 2));
  if (name === "XINFO") return answer.map((consumer) => without(consumer, 5));
  if (SCANS.test(name)) {
    const [cursor, items] = answer as [unknown, unknown[]];
    return [
      cursor,
      name === "HSCAN" || name === "ZSCAN" ? sortedPairs(items) : items.map(String).toSorted(),
    ];
  }
  if (LISTS.test(name) || isChannels(command)) return answer.map(String).toSorted();
  return PAIRS.test(name) ? sortedPairs(answer) : answer;
}

/** Returns a list without one of its elements, an idle time. */
function without(list: unknown, place: number): unknown {
  return Array.isArray(list) ? list.filter((_, at) => at !== place) : list;
}

/** Returns a remaining time to live in tens of seconds, and one of the test's dates as "far". */
function left(name: string, answer: number): number | string {
  const seconds = name === "PTTL" ? answer / 1000 : answer;
  const isDate = name === "EXPIRETIME";
  if (seconds > (isDate ? 4e9 : 1e9)) return "far";
  return Math.round((isDate ? seconds - Date.now() / 1000 : seconds) / 10);
}

function sortedPairs(items: readonly unknown[]): string[] {
  return items
    .flatMap((item, at) => (at % 2 === 0 ? [`${String(item)}=${String(items[at + 1])}`] : []))
    .toSorted();
}

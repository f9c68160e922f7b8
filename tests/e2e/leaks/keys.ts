import type { Redis as Direct } from "ioredis";

/** The form of the sample's keys in the namespace "local". No part of it comes from a client. */
export const FORM =
  /^local:(?:rate_limit:\{[\w-]{22}\}:[a-z-]+:[a-z|+]+:\d+:2|(?:lock|analytics|analytics:\{events\}):[\w-]{22}|fence:\{local:lock:[\w-]{22}\}|flight:\{local:lock:[\w-]{22}\}|app:[a-z-]+:[\w-]{22}|app:\{events\}:(?:counts:\d{4}-\d\d-\d\d:[\w-]{22}|stream:all)|cache:search:[0-9a-f]{64}|\{counters\}:(?:totals|(?:minutes|denied):\d{13}|writer:[0-9a-f-]{36}))$/;

/** The longest TTL of a key: 90 days, in milliseconds. */
const LONGEST_MS = 90 * 24 * 3600 * 1000;

/** Whether a key with a TTL in milliseconds will end in time, or has ended. */
export function isEnding(ttl: number): boolean {
  return ttl === -2 || (ttl > 0 && ttl <= LONGEST_MS);
}

/** Returns every key of a Redis. */
export async function everyKey(direct: Direct): Promise<string[]> {
  const keys = new Set<string>();
  for await (const found of direct.scanStream({ count: 1000 })) {
    for (const key of found as string[]) keys.add(key);
  }
  return [...keys];
}

/** Returns the value of a key of any type that Headgate writes, as text. */
export async function valueOf(direct: Direct, key: string): Promise<string> {
  const type = await direct.type(key);
  switch (type) {
    case "string":
      return (await direct.get(key)) ?? "";
    case "hash":
      return JSON.stringify(await direct.hgetall(key));
    case "zset":
      return (await direct.zrange(key, "0", "-1", "WITHSCORES")).join(" ");
    case "stream":
      return JSON.stringify(await direct.xrange(key, "-", "+"));
    case "none":
      return "";
    default:
      throw new Error(`Headgate writes no ${type}: ${key}`);
  }
}
